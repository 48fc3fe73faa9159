# Plays the cases of a file (argument 2) against a server (argument 1), by Protocol::WebSocket 0.26.
use strict;
use warnings;

use Encode ();
use IO::Socket::INET;
use JSON::PP;
use Protocol::WebSocket::Frame;
use Protocol::WebSocket::Handshake::Client;

my ($url, $file) = @ARGV;
my $version = 'draft-ietf-hybi-00';
my ($port) = $url =~ /:(\d+)/ or die "no port in $url";
open my $opened, '<', $file or die $!;
my $cases = decode_json(do { local $/; <$opened> });
$| = 1;
for my $case (@$cases) {
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or die $!;
    my $handshake = Protocol::WebSocket::Handshake::Client->new(url => $url, version => $version);
    print $socket $handshake->to_string;
    my $octets = '';
    until ($handshake->is_done) {
        $socket->sysread($octets, 65536) or die 'closed in the handshake';
        $handshake->parse($octets) or die $handshake->error;
    }
    my $frame = Protocol::WebSocket::Frame->new(version => $version);
    $frame->append($octets);
    my $sent = join '', map { framed($_) } @{$case->{send}};
    print $socket $sent;
    my @received;
    push @received, message($socket, $frame) while @received < @{$case->{send}};
    print $socket $case->{close} eq 'client' ? closing() : framed('close');
    my $last = message($socket, $frame);
    my $clean = defined $last && $last eq '' && $frame->is_close;
    print $socket closing() if $clean && $case->{close} eq 'server';
    $socket->close;
    my $result = {name => $case->{name}, received => \@received, clean => $clean ? JSON::PP::true : JSON::PP::false};
    print JSON::PP->new->ascii->encode($result), "\n";
}

sub framed {
    my $text = Encode::encode_utf8(shift);
    return Protocol::WebSocket::Frame->new(version => $version, buffer => $text)->to_bytes;
}

sub closing {
    return Protocol::WebSocket::Frame->new(version => $version, type => 'close')->to_bytes;
}

sub message {
    my ($socket, $frame) = @_;
    while (1) {
        my $octets = $frame->next_bytes;
        return Encode::decode_utf8($octets) if defined $octets;
        $socket->sysread(my $more, 65536) or return;
        $frame->append($more);
    }
}
