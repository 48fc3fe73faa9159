"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const cases = [...document.querySelectorAll("details.case")];

  /* Everything that came from the testee is set as text, never as markup. */
  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };
  const octets = (count) => `${count.toLocaleString("en")} octet${count === 1 ? "" : "s"}`;
  const badge = (verdict) => make("span", { class: `badge ${data.tones[verdict] ?? "bad"}` }, verdict);
  const clauseLink = (name) => {
    const clause = data.clauses[name];
    return make("a", { class: "id", href: clause.link, rel: "noreferrer" }, clause.short);
  };
  const levelTag = (level) => make("span", { class: "level" }, level);

  /* ---- what went over the wire ---- */

  const visible = (text) =>
    text.replace(/[\u0000-\u0020\u007f]/g, (c) => (c === " " ? c : c === "\u007f" ? "\u2421" : String.fromCharCode(0x2400 + c.charCodeAt(0))));
  const opcodes = { 0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong" };
  const milliseconds = (seconds) => `${(seconds * 1000).toFixed(seconds < 0.1 ? 2 : 0)} ms`;

  const payload = (item) => {
    const parts = [];
    if (item.code !== undefined) parts.push(make("span", { class: "data" }, String(item.code)), " ");
    if (item.marker) return [make("span", { class: "rest" }, "the oracle’s own, to see whether the testee goes on")];
    if (item.hex) parts.push(make("span", { class: "rest" }, "hex "), make("span", { class: "data" }, item.hex.replace(/(..)(?!$)/g, "$1 ")));
    if (item.text) parts.push(make("span", { class: "data", dir: "auto" }, visible(item.text)));
    if (item.more) parts.push(make("span", { class: "rest" }, ` … ${octets(item.more)}`));
    return parts;
  };

  const describe = (item) => {
    if (item.kind === "head") return ["opening", "", [make("pre", { class: "data", tabindex: "0" }, item.text)]];
    if (item.kind === "end") return [item.end, { FIN: "ends its half of TCP", RST: "resets TCP", LOST: "the recording ends" }[item.end], []];
    if (item.kind === "octets") return ["octets", "which are no frame", payload(item)];
    const how = [
      item.fin ? "FIN" : "no FIN",
      ...[4, 2, 1].map((bit, i) => (item.rsv & bit ? `RSV${i + 1}` : "")),
      octets(item.length),
      item.length_form > 7 ? `length in ${item.length_form} bits` : "",
      item.masked ? "masked" : "not masked",
      item.arrived === undefined ? "" : `of which ${octets(item.arrived)} came`,
    ].filter(Boolean);
    return [opcodes[item.opcode] ?? `opcode ${item.opcode}`, how.join(" · "), payload(item)];
  };

  const line = (item, told) => {
    if (item.kind === "cut") {
      return make("li", { class: "cut" }, make("span", { class: "way", "aria-hidden": "true" }, "⋮"), make("span", { class: "say" }, `${item.count.toLocaleString("en")} more are not shown`));
    }
    const theirs = item.from === told.role;
    const [name, how, what] = describe(item);
    const marked = theirs && told.findings.some((finding) => finding.offset !== null && finding.offset === item.offset);
    return make("li", { class: `${theirs ? "from" : "to"}${marked ? " marked" : ""}` },
      make("span", { class: "way", "aria-hidden": "true" }, theirs ? "←" : "→"),
      make("span", { class: "op" }, make("span", { class: "unseen" }, theirs ? `The ${told.role} sent ` : "The oracle sent "), name),
      make("span", { class: "how" }, how),
      make("span", { class: "at" }, item.offset === undefined ? "" : `octet ${item.offset} · `, milliseconds(item.at)),
      what.length ? make("span", { class: "what" }, ...what) : null);
  };

  /* ---- a case that is opened ---- */

  const findings = (told) =>
    make("ul", { class: "findings" }, ...told.findings.map((finding) =>
      make("li", {}, badge(finding.verdict), " ", clauseLink(finding.clause), " ", levelTag(finding.level),
        make("span", { class: "rest" }, ` binds who ${finding.obligation === "sender" ? "sends" : "receives"}${finding.offset === null ? "" : ` · octet ${finding.offset}`}`),
        make("p", { class: "why" }, finding.why))));

  /* The clause that is blamed and the next; the others are there for who asks. */
  const FIRST = 2;
  const clauses = (told) => {
    const list = (some) => make("ul", { class: "findings" }, ...some.map((clause) =>
      make("li", {}, clauseLink(clause.id), " ", levelTag(clause.level), make("p", { class: "why" }, data.clauses[clause.id].rule))));
    const rest = told.clauses.slice(FIRST);
    return [list(told.clauses.slice(0, FIRST)), rest.length
      ? make("details", { class: "more" }, make("summary", {}, `${rest.length} more clause${rest.length === 1 ? "" : "s"}`), list(rest))
      : null];
  };

  const allowed = (told) =>
    make("ul", { class: "findings" }, ...told.allowed.map((one) =>
      make("li", {}, badge(one.verdict), ` the ${told.role} ${one.outcome}`, one.why ? make("span", { class: "rest long" }, ` — ${one.why}`) : null)));

  const fill = (details) => {
    if (details.querySelector(".body")) return;
    const told = data.cases[details.dataset.id];
    const part = (title, ...children) => make("section", {}, make("h4", {}, title), ...children);
    const verdicts = make("p", { class: "words" }, "behaviour ", badge(told.behaviour), "  closing ",
      told.closing ? badge(told.closing) : make("span", { class: "rest" }, "not judged"),
      make("span", { class: "rest" }, `  ${milliseconds(told.seconds)}`));
    const left = make("div", {},
      told.findings.length ? part("What was found", findings(told)) : null,
      told.expected ? part("What is known", make("p", { class: "words" }, badge(told.expected.verdict), ` ${told.expected.reason}`)) : null,
      told.seen ? part("What was seen", make("p", { class: "words" }, told.seen)) : null,
      part("Verdicts", verdicts));
    const right = make("div", {},
      told.allowed.length ? part("What is allowed, and why", allowed(told)) : null,
      part(`What it is about, for who ${told.obligation === "sender" ? "sends" : "receives"}`, ...clauses(told)));
    details.append(make("div", { class: "body" },
      make("div", { class: "told" }, left, right),
      told.frames.length
        ? make("div", {}, make("div", { class: "key" }, make("h4", {}, "On the wire"), make("span", { class: "rest" }, `→ from the oracle   ← from the ${told.role}`)),
            make("ol", { class: "wire" }, ...told.frames.map((item) => line(item, told))))
        : null));
  };

  /* ---- filter and search ---- */

  const find = byId("find"), verdict = byId("verdict"), level = byId("level"), section = byId("section");
  let haystacks = null;
  let clause = "";

  const haystack = (id) => {
    const told = data.cases[id];
    const names = [...told.clauses, ...told.findings.map((finding) => ({ id: finding.clause }))].map((one) => data.clauses[one.id]);
    return [id, told.title, told.alias && `autobahn ${told.alias}`, told.seen, ...told.findings.map((finding) => finding.why), ...names.flatMap((one) => [one.id, one.rule])].join("\n").toLowerCase();
  };

  const matchesWords = (id, words) => {
    haystacks ??= new Map(Object.keys(data.cases).map((key) => [key, haystack(key)]));
    return words.every((word) => {
      if (!/^\d+(\.\d+)*\.?$/.test(word) || word.length > 8) return haystacks.get(id).includes(word);
      /* A number is anchored: 7.1 is not in 7.13. */
      const escaped = word.replace(/\.$/, "").replaceAll(".", "\\.");
      return new RegExp(`(^|[^\\d.])${escaped}(?![\\d])`).test(haystacks.get(id));
    });
  };

  const filter = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const details of cases) {
      const told = data.cases[details.dataset.id];
      const kept =
        (verdict.value === "" || (verdict.value === "!" ? told.verdict !== "PASS" : told.verdict === verdict.value)) &&
        (level.value === "" || told.clauses[0].level === level.value) &&
        (section.value === "" || told.section === section.value) &&
        (clause === "" || told.findings.some((finding) => finding.clause === clause)) &&
        (!words.length || matchesWords(details.dataset.id, words));
      details.hidden = !kept;
      shown += kept;
    }
    for (const group of document.querySelectorAll(".group")) group.hidden = !group.querySelector("details.case:not([hidden])");
    byId("shown").textContent = shown === cases.length ? `${shown} cases` : `${shown} of ${cases.length} cases`;
    byId("nothing").hidden = shown !== 0;
  };

  const reset = () => {
    find.value = verdict.value = level.value = section.value = clause = "";
    filter();
  };

  /* ---- deep links: #case-5.5/ping-of-126-octets ---- */

  const follow = () => {
    const details = byId(decodeURIComponent(location.hash.slice(1)));
    for (const old of document.querySelectorAll(".aimed")) old.classList.remove("aimed");
    if (!details?.classList.contains("case")) return;
    if (details.hidden) reset();
    fill(details);
    details.open = true;
    details.classList.add("aimed");
    details.scrollIntoView({ block: "start" });
    details.querySelector("summary").focus({ preventScroll: true });
  };

  /* ---- dark and light ---- */

  const theme = byId("theme");
  const remembered = () => { try { return localStorage.getItem("refws-theme"); } catch { return null; } };
  const isDark = () => (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const nameTheme = () => { theme.textContent = isDark() ? "Light" : "Dark"; theme.setAttribute("aria-label", `Switch to ${isDark() ? "light" : "dark"} colours`); };
  if (["dark", "light"].includes(remembered())) document.documentElement.dataset.theme = remembered();
  theme.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("refws-theme", document.documentElement.dataset.theme); } catch { /* a page from a file may not remember */ }
    nameTheme();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", nameTheme);

  /* ---- wiring ---- */

  for (const details of cases) details.addEventListener("toggle", () => { if (details.open) fill(details); });
  byId("filter").addEventListener("submit", (event) => event.preventDefault());
  byId("filter").addEventListener("input", () => { clause = ""; filter(); });
  byId("reset").addEventListener("click", () => { reset(); find.focus(); });
  byId("open").addEventListener("click", () => { for (const details of cases) if (!details.hidden) details.open = true; });
  byId("shut").addEventListener("click", () => { for (const details of cases) details.open = false; });
  for (const link of document.querySelectorAll("[data-section], [data-clause]")) {
    link.addEventListener("click", () => {
      reset();
      section.value = link.dataset.section ?? "";
      clause = link.dataset.clause ?? "";
      verdict.value = link.dataset.verdict ?? "";
      filter();
    });
  }
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); find.focus(); }
    if (event.key === "Escape" && event.target === find) { find.value = ""; filter(); }
  });
  addEventListener("hashchange", follow);

  theme.hidden = false;
  byId("filter").hidden = false;
  nameTheme();
  filter();
  follow();
})();
