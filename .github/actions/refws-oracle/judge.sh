# The step of action.yml that judges: its inputs are in the environment, its exit code is the oracle's.
set -u
refws=${REFWS:-$RUNNER_TEMP/refws-oracle/bin/refws}
arguments=()
[[ -n $CASES ]] && arguments+=("--cases=$CASES")
[[ -n $SECTION ]] && arguments+=("--section=$SECTION")
[[ -n $EXCLUDE ]] && arguments+=("--exclude=$EXCLUDE")
[[ -n $EXPECT ]] && arguments+=("--expect=$EXPECT")
while IFS= read -r argument; do
  [[ -n $argument ]] && arguments+=("$argument")
done <<<"$ARGUMENTS"
arguments+=("--jobs=$JOBS" "--report=$REPORT")

if [[ -n $SERVER && -z $CLIENT ]]; then
  if [[ $SERVER =~ ^wss?://([^/@]*@)?(\[[^]]*\]|[^/:?]+)(:([0-9]+))? ]]; then
    host=${BASH_REMATCH[2]//[\[\]]/}
    port=${BASH_REMATCH[4]:-$([[ $SERVER == wss:* ]] && echo 443 || echo 80)}
    deadline=$((SECONDS + WAIT))
    until (exec 3<>"/dev/tcp/$host/$port") 2>/dev/null || ((SECONDS >= deadline)); do sleep 0.2; done
  fi
  "$refws" oracle server "$SERVER" "${arguments[@]}" | tee "$RUNNER_TEMP/refws-oracle.txt"
  code=${PIPESTATUS[0]}
elif [[ -n $CLIENT && -z $SERVER ]]; then
  "$refws" oracle client --port=0 --exec="$CLIENT" "${arguments[@]}" | tee "$RUNNER_TEMP/refws-oracle.txt"
  code=${PIPESTATUS[0]}
else
  echo "::error::refws oracle: give either server or client"
  exit 2
fi

{
  echo "exit-code=$code"
  echo "report=$REPORT/report.json"
  echo "badge=$REPORT/badge.svg"
} >>"$GITHUB_OUTPUT"
{
  echo "### refws oracle"
  echo '```'
  tail -n 2 "$RUNNER_TEMP/refws-oracle.txt"
  echo '```'
} >>"$GITHUB_STEP_SUMMARY"
case $code in
  0) ;;
  1) echo "::error::refws oracle: $(tail -n 1 "$RUNNER_TEMP/refws-oracle.txt")" ;;
  *) echo "::error::refws oracle: could not tell; the log above says why" ;;
esac
exit "$code"
