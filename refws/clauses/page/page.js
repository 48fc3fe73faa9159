"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const root = document.documentElement;
  root.classList.add("scripted");

  const clauses = all(".clause");
  const rows = all(".row").map((element) => ({ element, clauses: all(".clause", element) }));
  const sections = all(".section").map((element) => ({ element, clauses: all(".clause", element) }));
  const parts = all(".part").map((element) => ({ element, clauses: all(".clause", element) }));
  const entries = new Map(all("#toc li a").map((link) => [link.hash.slice(1), link]));
  const own = parts[0].element.dataset.document;
  const documentOf = new Map(parts.flatMap(({ element, clauses }) => clauses.map((clause) => [clause, element.dataset.document])));
  const requirements = clauses.filter((clause) => clause.dataset.level !== "meta").length;

  /* Everything is open for those without a script; here it opens on demand. */
  const folded = all(".clause details");
  for (const details of folded) details.open = false;

  /* ---- search and filters ---- */

  const find = byId("find"), wire = byId("wire");
  const chosen = { document: byId("document"), level: byId("level"), state: byId("state"), who: byId("who") };
  let haystacks = null;

  const read = () => {
    haystacks ??= new Map(clauses.map((clause) => [clause, `${clause.textContent}\n${clause.dataset.who}`.toLowerCase()]));
    return haystacks;
  };

  /* Whether a pattern such as 7.9.*, 1.1-1.5 or 12.*.11-18 holds a case of Autobahn. */
  const holds = (pattern, fields) => {
    const [low, high] = pattern.split("-").map((end) => end.split("."));
    const to = high ? [...low.slice(0, low.length - high.length), ...high] : low;
    if (fields.length < low.length || (fields.length > low.length && low.at(-1) !== "*")) return false;
    return low.every((field, place) => field === "*" || (Number(field) <= Number(fields[place]) && Number(fields[place]) <= Number(to[place])));
  };
  const exercised = (clause, number) => {
    const fields = number.split(".");
    return (clause.dataset.cases ?? "").split(" ").some((pattern) => pattern !== "" && holds(pattern, fields));
  };

  const begins = (id, word) => id === word || (id.startsWith(word) && /[-./]/.test(id[word.length]));
  const bare = (clause) => clause.id.slice(clause.id.indexOf(":") + 1).toLowerCase();
  /* A word that looks like an id finds what begins with it; what no requirement is called is sought in the text. */
  const test = (word) => {
    if (word.startsWith("case:")) return (clause) => exercised(clause, word.slice(5));
    const id = word.replace(/^§/, "");
    if (/^(\w+:)?(\d+|[a-z])([.-]\w+)+(\/\d+)?$/.test(id)) {
      const called = (clause) => begins(id.includes(":") ? `${documentOf.get(clause)}:${bare(clause)}` : bare(clause), id);
      if (clauses.some(called)) return called;
    }
    return (clause) => read().get(clause).includes(word);
  };

  const show = (element, shown) => { if (element.hidden === shown) element.hidden = !shown; };

  const filter = () => {
    const tests = find.value.toLowerCase().split(/\s+/).filter(Boolean).map(test);
    const wanted = Object.entries(chosen).map(([name, select]) => [name, select.value]).filter(([, value]) => value !== "");
    const anything = !tests.length && !wanted.length && !wire.checked;
    const fits = (clause) => wanted.every(([name, value]) =>
      name === "document" ? documentOf.get(clause) === value
        : name === "who" ? clause.dataset.who.split(" ").includes(value)
          : clause.dataset[name] === value);
    let found = 0;
    for (const clause of clauses) {
      const kept = fits(clause) && (!wire.checked || "wire" in clause.dataset) && tests.every((one) => one(clause));
      show(clause, kept);
      found += kept && clause.dataset.level !== "meta";
    }
    const any = (part) => anything || part.clauses.some((clause) => !clause.hidden);
    for (const part of [...rows, ...sections, ...parts]) show(part.element, any(part));
    for (const { element, clauses } of sections) {
      const below = entries.get(element.id);
      below?.classList.toggle("none", !anything && !clauses.some((clause) => !clause.hidden));
    }
    for (const select of Object.values(chosen)) select.classList.toggle("on", select.value !== "");
    byId("shown").textContent = anything ? `${requirements} requirements` : `${found} of ${requirements}`;
    byId("reset").hidden = anything;
    byId("nothing").hidden = anything || clauses.some((clause) => !clause.hidden);
    show(document.querySelector(".opening"), anything);
    root.classList.toggle("filtering", !anything);
  };

  const reset = () => {
    find.value = "";
    wire.checked = false;
    for (const select of Object.values(chosen)) select.value = "";
    filter();
  };

  /* ---- one requirement at a time: deep links, j and k, Enter ---- */

  /* What was never drawn has a guessed height: the place is looked up again until what surrounds it is drawn and still. */
  let bringing = 0;
  const bring = (element) => {
    const turn = ++bringing;
    let frames = 0, still = 0, before = NaN;
    const again = () => {
      if (turn !== bringing) return;
      element.scrollIntoView({ block: "start", behavior: "instant" });
      still = scrollY === before ? still + 1 : 0;
      before = scrollY;
      if (still < 4 && ++frames < 40) requestAnimationFrame(again);
    };
    again();
  };
  for (const kind of ["wheel", "touchstart", "pointerdown"]) addEventListener(kind, () => { bringing += 1; }, { passive: true });

  const aim = (clause) => {
    for (const old of all(".clause.aimed")) old.classList.remove("aimed");
    clause?.classList.add("aimed");
    clause?.focus({ preventScroll: true });
  };

  const hash = () => { try { return decodeURIComponent(location.hash.slice(1)); } catch { return ""; } };

  /* An id that is not here leads to the sentence, the paragraph or the section around it. */
  const named = (name) => {
    let rest = name.replace(/^§/, "").replace(`${own}:`, "");
    if (rest === "" || rest === own) return byId(name);
    while (rest !== "" && !byId(rest)) rest = rest.slice(0, Math.max(rest.search(/[-./][^-./]*$/), 0));
    return rest === "" ? null : byId(rest);
  };

  const follow = () => {
    const target = hash() === "" ? null : named(hash());
    if (!target) return;
    if (target.closest("[hidden]") || all(".clause[hidden]", target).length) reset();
    const row = target.closest(".row");
    const clause = target.closest(".clause") ?? (target.matches(".anchor") ? target.nextElementSibling : row?.querySelector(".clause"));
    for (const details of clause ? all("details", clause) : []) details.open = true;
    aim(clause);
    bring(target.matches(".row") || !clause ? target : clause);
  };

  const low = () => parseFloat(getComputedStyle(root).scrollPaddingTop) + 2;
  const current = () => {
    const focused = document.activeElement.closest?.(".clause") ?? document.querySelector(".clause.aimed");
    if (!focused || focused.hidden) return null;
    const { top, bottom } = focused.getBoundingClientRect();
    return bottom > 0 && top < innerHeight ? focused : null;
  };
  const step = (by) => {
    const shown = clauses.filter((clause) => !clause.hidden);
    const from = current();
    const next = from ? shown[shown.indexOf(from) + by] : shown.find((clause) => clause.getBoundingClientRect().bottom > low());
    if (!next) return;
    aim(next);
    bring(next);
  };

  const toggle = (clause) => {
    const details = all("details", clause);
    const open = details.some((one) => !one.open);
    for (const one of details) one.open = open;
  };

  /* ---- a sentence of the RFC and what it binds light up together ---- */

  const light = (event) => {
    const over = event.target.closest?.("[data-s]");
    for (const old of all(".lit")) old.classList.remove("lit");
    if (!over || !document.body.classList.contains("beside")) return;
    for (const one of all(`[data-s="${CSS.escape(over.dataset.s)}"]`, over.closest(".row"))) one.classList.add("lit");
  };
  for (const kind of ["mouseover", "focusin"]) byId("reference").addEventListener(kind, light);

  /* ---- contents ---- */

  const toc = byId("toc");
  const mark = (link) => {
    for (const old of all("[aria-current]", toc)) old.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
    const inside = link.getBoundingClientRect(), around = toc.getBoundingClientRect();
    if (inside.top < around.top + 20 || inside.bottom > around.bottom - 20) toc.scrollTop += inside.top - around.top - around.height / 3;
  };
  const seen = new IntersectionObserver((found) => {
    const here = found.filter((entry) => entry.isIntersecting).at(-1);
    const link = here && entries.get(here.target.id);
    if (link) mark(link);
  }, { rootMargin: "-18% 0px -81% 0px" });
  for (const { element } of sections) seen.observe(element);

  const drawer = (open) => {
    root.classList.toggle("drawer", open);
    byId("contents").setAttribute("aria-expanded", String(open));
    if (open) (toc.querySelector("[aria-current]") ?? toc.querySelector("a")).focus();
  };
  const isOpen = () => root.classList.contains("drawer");
  document.addEventListener("click", (event) => {
    if (isOpen() && (event.target.closest("#toc a") || !event.target.closest("#toc, #contents"))) drawer(false);
  });

  /* ---- dark and light ---- */

  const theme = byId("theme");
  const remembered = () => { try { return localStorage.getItem("refws-theme"); } catch { return null; } };
  const isDark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const nameTheme = () => { theme.textContent = isDark() ? "Light" : "Dark"; theme.setAttribute("aria-label", `Switch to ${isDark() ? "light" : "dark"} colours`); };
  if (["dark", "light"].includes(remembered())) root.dataset.theme = remembered();
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("refws-theme", root.dataset.theme); } catch { /* a page from a file may not remember */ }
    nameTheme();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", nameTheme);

  /* ---- wiring ---- */

  const help = byId("help");
  const goToFirst = () => { const first = clauses.find((clause) => !clause.hidden); if (first) { aim(first); bring(first); } };
  const atTop = () => { if (find.value !== "" || clauses.some((clause) => clause.hidden)) scrollTo({ top: 0, behavior: "instant" }); };

  byId("filter").addEventListener("submit", (event) => event.preventDefault());
  byId("filter").addEventListener("input", () => { filter(); atTop(); });
  byId("filter").addEventListener("reset", (event) => { event.preventDefault(); reset(); find.focus(); });
  for (const button of all(".counts button")) {
    button.disabled = false;
    button.addEventListener("click", () => {
      reset();
      for (const [name, value] of Object.entries(button.dataset)) chosen[name].value = value;
      filter();
      scrollTo({ top: 0, behavior: "instant" });
      find.focus();
    });
  }
  byId("ask").addEventListener("click", () => help.showModal());
  byId("contents").addEventListener("click", () => drawer(!isOpen()));
  byId("narrow").addEventListener("click", () => {
    const open = document.querySelector(".top").classList.toggle("wide");
    byId("narrow").setAttribute("aria-expanded", String(open));
  });

  const keys = {
    "/": () => { find.focus(); find.select(); },
    "?": () => help.showModal(),
    j: () => step(1),
    k: () => step(-1),
  };
  document.addEventListener("keydown", (event) => {
    if (help.open || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      if (isOpen()) { drawer(false); byId("contents").focus(); } else { const kept = current(); reset(); if (kept) bring(kept); }
    } else if (event.key === "Enter" && event.target === find) {
      goToFirst();
    } else if (event.key === "Enter" && event.target.matches(".clause, body") && current()) {
      toggle(current());
    } else if (keys[event.key] && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
      event.preventDefault();
      keys[event.key]();
    }
  });
  let unfolded = [];
  addEventListener("beforeprint", () => { unfolded = folded.filter((details) => !details.open); for (const details of unfolded) details.open = true; });
  addEventListener("afterprint", () => { for (const details of unfolded) details.open = false; });
  addEventListener("hashchange", follow);

  for (const id of ["contents", "filter", "narrow", "theme", "ask"]) byId(id).hidden = false;
  nameTheme();
  filter();
  follow();
  (globalThis.requestIdleCallback ?? setTimeout)(read);
})();
