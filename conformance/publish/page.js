"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const cases = [...document.querySelectorAll("details.case")];
  const tone = (verdict) => data.tones[verdict] ?? "bad";
  
  /* Everything that came from the suite or the testee is set as text, never as markup. */
  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };
  const number = (count) => count.toLocaleString("en");
  const octets = (count) => `${number(count)} octet${count === 1 ? "" : "s"}`;

  /* ---- what a case looks like when it is opened ---- */

  const visible = (text) =>
    text.replace(/[\u0000-\u0020\u007f]/g, (c) => (c === " " ? c : c === "\u007f" ? "\u2421" : String.fromCharCode(0x2400 + c.charCodeAt(0))));

  const payload = ([kind, shown, hidden]) => {
    const parts = [];
    if (shown !== "") {
      const text = kind === "x" ? shown.replace(/(..)(?!$)/g, "$1 ") : visible(shown);
      if (kind === "x") parts.push(make("span", { class: "rest" }, "hex "));
      parts.push(make("span", { class: "data", dir: "auto" }, text));
    }
    if (hidden > 0) parts.push(make("span", { class: "rest" }, ` … ${octets(hidden)}`));
    if (hidden < 0) parts.push(make("span", { class: "rest" }, " … more"));
    return parts;
  };

  const opcodes = { 0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong" };

  const frame = ([way, opcode, flags, length, content, more], agent) => {
    const rsv = flags >> 2;
    const rsvBits = [4, 2, 1].map((bit, i) => (rsv & bit ? `RSV${i + 1}` : "")).filter(Boolean);
    const how = [
      flags & 1 ? "FIN" : "no FIN",
      ...rsvBits,
      octets(more.repeatTo ?? length),
      flags & 2 ? "masked" : "not masked",
      more.repeatTo ? `the same ${octets(length)} over and over` : "",
      more.chop ? `sent ${octets(more.chop)} at a time` : "",
      more.count ? `${number(more.count)} times` : "",
    ].filter(Boolean);
    const what = payload(content);
    if (more.code !== undefined) what.unshift(make("span", { class: "data" }, String(more.code)), " ");
    const sent = way === ">";
    return make("li", { class: sent ? "to" : "from" },
      make("span", { class: "way", "aria-hidden": "true" }, sent ? "→" : "←"),
      make("span", { class: "op" }, make("span", { class: "unseen" }, sent ? "The suite sent " : `${agent} sent `), opcodes[opcode] ?? `opcode ${opcode}`),
      make("span", { class: "how" }, how.join(" · ")),
      what.length ? make("span", { class: "what" }, ...what) : null);
  };

  const wire = (log, agent) =>
    make("ol", { class: "wire" },
      ...log.map((entry) => entry[0] === "!"
        ? make("li", {}, make("span", { class: "way", "aria-hidden": "true" }, "·"), make("span", { class: "say" }, entry[1]))
        : frame(entry, agent)));

  const events = (list) => {
    if (!list.length) return [make("span", {}, "nothing")];
    return [make("ul", {}, ...list.map(([kind, what]) => kind === "timeout"
      ? make("li", {}, `wait ${what} passes`)
      : make("li", {}, `${kind} `, ...payload(what))))];
  };

  const closeSent = ([code, reason], seen) => {
    if (code === null && !seen) return ["none seen"];
    if (code === null) return ["a Close without a code"];
    const parts = [make("span", { class: "data" }, String(code))];
    if (reason) parts.push(" ", make("span", { class: "data", dir: "auto" }, visible(reason)));
    return parts;
  };

  const closeExpected = ({ bySuite, clean, codes }, agent) => {
    if (!codes.length) return "";
    return `by ${bySuite ? "the suite" : agent}, with ${codes.join(" or ")} or none${clean ? ", cleanly" : ", or by dropping TCP"}`;
  };

  /* "server", "server on threads", "server on asyncio, threads" */
  const labelOf = (names) => {
    const { role } = data.testees[names[0]];
    const hosts = names.map((name) => data.testees[name].host).filter(Boolean);
    return hosts.length ? `${role} on ${hosts.join(", ")}` : role;
  };

  const panel = (id, told) => {
    const { role, agent } = data.testees[told.on[0]];
    const whose = labelOf(told.on);
    const log = told.wire ?? [];
    const closes = (way) => log.some((entry) => entry[0] === way && entry[1] === 8);
    const facts = make("dl", { class: "facts" });
    const fact = (name, ...what) => facts.append(make("dt", {}, name), make("dd", {}, ...what));
    const lead = (name, ...what) => facts.append(make("dt", { class: "lead" }, name), make("dd", { class: "lead" }, ...what));
    lead("Messages", told.result ?? "—");
    for (const [verdict, list] of told.expected ?? []) fact(`wanted for ${verdict}`, ...events(list));
    if (told.expected) fact("seen", ...events(told.received ?? []));
    lead("Closing", told.resultClose ?? "—");
    const wanted = closeExpected(told.expectedClose, agent);
    if (wanted) fact("wanted", wanted);
    const begun = { suite: "begun by the suite", testee: `begun by ${agent}` }[told.begunBy] ?? "no closing handshake";
    fact("seen", `${begun}; TCP closed by ${told.tcpBySuite ? "the suite" : agent}; ${told.clean ? "clean" : "not clean"}`);
    if (told.unclean) fact("not clean", told.unclean);
    for (const sentence of told.timeouts ?? []) fact("in time", sentence);
    fact("suite's Close", ...closeSent(told.sentClose, closes(">")));
    fact(`${agent}'s Close`, ...closeSent(told.gotClose, closes("<")));
    if (told.offered || told.agreed) {
      lead("Extensions", told.agreed ? make("code", {}, told.agreed) : "none agreed");
      fact("offered", told.offered ? make("code", {}, told.offered) : "none");
    }
    const badges = [make("span", { class: `badge ${tone(told.behavior)}` }, told.behavior),
      make("span", { class: `badge ${tone(told.closing)}` }, `closing ${told.closing}`)];
    return make("article", { class: "panel", "data-on": told.on.join(" "), "data-role": role, "aria-label": `${id} as a ${whose}` },
      make("header", {}, make("h4", {}, `As a ${whose}`), ...badges, make("a", { href: `#${told.on[0]}-${id}` }, "link")),
      facts,
      make("div", { class: "key" }, make("h4", {}, "Wire log"), make("span", { class: "rest" }, `→ to ${agent}   ← from ${agent}`)),
      wire(log, agent));
  };

  const fill = (details) => {
    if (details.querySelector(".body")) return;
    const id = details.dataset.id;
    const told = data.cases[id];
    const about = told.sections.map((name) => {
      const [rfc, section] = name.split(/-(.*)/);
      return `${rfc.replace("rfc", "RFC ")} §${section} ${data.sections[name]}`;
    });
    details.append(make("div", { class: "body" },
      make("div", { class: "told" },
        make("div", {}, make("h4", {}, "What the case does"), make("p", { class: "words" }, told.description)),
        make("div", {}, make("h4", {}, "What is expected"), make("p", { class: "words" }, told.expectation))),
      about.length ? make("p", { class: "about" }, `Exercises ${about.join("; ")}`) : null,
      make("div", { class: "panels" }, ...told.told.map((one) => panel(id, one)))));
    showChosen(details);
  };

  /* ---- filter and search ---- */

  const find = byId("find"), host = byId("host"), verdict = byId("verdict"), about = byId("about");
  let haystacks = null;

  const haystack = (id) => {
    const { description, expectation, told: list } = data.cases[id];
    const told = list.flatMap((r) => [r.result, r.resultClose, r.behavior, r.closing, r.unclean, r.gotClose?.join(" ")]);
    return [id, description, expectation, ...told].join("\n").toLowerCase();
  };

  const matchesVerdict = (told) => {
    const wanted = verdict.value;
    if (wanted === "") return true;
    if (wanted === "!") return told.behavior !== "OK";
    if (wanted === "closing!") return told.closing !== "OK";
    return told.behavior === wanted;
  };

  const matchesWords = (id, words) => {
    haystacks ??= new Map(Object.keys(data.cases).map((key) => [key, haystack(key)]));
    return words.every((word) =>
      /^\d+(\.\d+)+\.?$/.test(word) || /^\d{1,2}$/.test(word)
        ? id === word || id.startsWith(word.endsWith(".") ? word : `${word}.`)
        : haystacks.get(id).includes(word));
  };

  const matchesAbout = (id) => {
    const wanted = about.value;
    if (wanted === "") return true;
    return wanted.startsWith("group-") ? id.startsWith(`${wanted.slice(6)}.`) : data.cases[id].sections.includes(wanted);
  };

  const isChosen = (name) => host.value === "" || host.value === name || host.value === `every ${data.testees[name].role}`;

  const showChosen = (details) => {
    for (const part of details.querySelectorAll(".verdict, .panel")) {
      const on = part.dataset.on.split(" ");
      const chosen = on.filter(isChosen);
      part.hidden = chosen.length === 0;
      if (part.className !== "verdict" || part.hidden) continue;
      const whose = part.querySelector(".role");
      part.dataset.whose ??= whose.textContent;
      whose.textContent = chosen.length === on.length ? part.dataset.whose : labelOf(chosen);
    }
  };

  const filter = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const details of cases) {
      const id = details.dataset.id;
      const told = data.cases[id].told.filter(({ on }) => on.some(isChosen));
      const kept = told.some(matchesVerdict) && matchesAbout(id) && (!words.length || matchesWords(id, words));
      details.hidden = !kept;
      shown += kept;
      showChosen(details);
    }
    for (const group of document.querySelectorAll(".group")) group.hidden = !group.querySelector("details.case:not([hidden])");
    byId("shown").textContent = shown === cases.length ? `${shown} cases` : `${shown} of ${cases.length} cases`;
    byId("nothing").hidden = shown !== 0;
  };

  const reset = () => {
    find.value = host.value = verdict.value = about.value = "";
    filter();
  };

  /* ---- deep links: #server-7.1.6, #server-threads-7.1.6, #case-7.1.6 ---- */

  const follow = () => {
    const [, kind, id] = /^#(.+)-(\d+(?:\.\d+)+)$/.exec(decodeURIComponent(location.hash)) ?? [];
    const details = id && byId(`case-${id}`);
    for (const old of document.querySelectorAll(".aimed")) old.classList.remove("aimed");
    if (!details) return;
    if (details.hidden || (kind in data.testees && !isChosen(kind))) reset();
    fill(details);
    details.open = true;
    const aimed = [...details.querySelectorAll(".panel")].find((one) => one.dataset.on.split(" ").includes(kind));
    aimed?.classList.add("aimed");
    (aimed ?? details).scrollIntoView({ block: aimed ? "nearest" : "start" });
    if (aimed && details.getBoundingClientRect().top < 0) aimed.scrollIntoView({ block: "start" });
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

  for (const details of cases) {
    details.addEventListener("toggle", () => { if (details.open) fill(details); });
  }
  byId("filter").addEventListener("submit", (event) => event.preventDefault());
  byId("filter").addEventListener("input", filter);
  byId("reset").addEventListener("click", () => { reset(); find.focus(); });
  byId("open").addEventListener("click", () => { for (const details of cases) if (!details.hidden) details.open = true; });
  byId("shut").addEventListener("click", () => { for (const details of cases) details.open = false; });
  for (const link of document.querySelectorAll("[data-about]")) {
    link.addEventListener("click", () => { reset(); about.value = link.dataset.about; filter(); });
  }
  for (const link of document.querySelectorAll("[data-host]")) {
    link.addEventListener("click", () => { reset(); host.value = link.dataset.host; filter(); });
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
