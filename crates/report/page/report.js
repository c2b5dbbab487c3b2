"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];

  // ---- The circuit. A variable is true when its component has failed; a top is true when it is broken.
  // Each bit of a number is a scenario of its own, so that one run answers 32 of them.
  const LANES = 32;
  const { operations, arguments: argument, first, children, weights, tops } = data.circuit;
  const values = new Int32Array(operations.length);
  const variables = new Int32Array(data.components.length);
  const totals = new Float64Array(LANES);

  // The lanes in which the weights of the true children sum to at least the bound.
  const reached = (entry, weighted) => {
    totals.fill(0);
    for (let at = first[entry]; at < first[entry + 1]; at++) {
      const weight = weighted < 0 ? 1 : weights[weighted + at - first[entry]];
      let bits = values[children[at]];
      while (bits !== 0) {
        const lane = 31 - Math.clz32(bits & -bits);
        totals[lane] += weight;
        bits &= bits - 1;
      }
    }
    let word = 0;
    for (let lane = 0; lane < LANES; lane++) if (totals[lane] >= argument[entry]) word |= 1 << lane;
    return word;
  };

  const run = () => {
    let weighted = 0;
    for (let entry = 0; entry < operations.length; entry++) {
      const end = first[entry + 1];
      let at = first[entry];
      let word = 0;
      switch (operations[entry]) {
        case 0: word = argument[entry] === 1 ? -1 : 0; break;
        case 1: word = variables[argument[entry]]; break;
        case 2: case 3:
          for (word = -1; at < end; at++) word &= values[children[at]];
          if (operations[entry] === 2) word = ~word;
          break;
        case 4: for (; at < end; at++) word |= values[children[at]]; break;
        case 5: for (; at < end; at++) word ^= values[children[at]]; break;
        case 6: word = reached(entry, -1); break;
        case 7: word = reached(entry, weighted); weighted += end - at; break;
        default: throw new Error("an operation that this page does not know");
      }
      values[entry] = word;
    }
  };

  // Fails a component and what follows from its loss in the lanes of a mask.
  const lose = (component, mask) => {
    variables[component] |= mask;
    for (const other of data.follows[component] || []) variables[other] |= mask;
  };
  const evaluate = (failed, others = []) => {
    variables.fill(0);
    for (const component of failed) lose(component, -1);
    others.forEach((component, lane) => lose(component, 1 << lane));
    run();
  };
  const top = (number, lane = 0) => ((values[tops[number]] >> lane) & 1) === 1;

  // ---- Names.
  const path = (component) => data.components[component][0];
  const mayFail = (component) => data.components[component][2] === 1;
  const accepted = (component) => data.components[component][3] === 1;
  const number = new Map(data.components.map((component, at) => [component[0], at]));
  const failable = data.components.map((_, at) => at).filter(mayFail);
  const PROMISES = data.promises.length;
  const ROOMS = data.rooms.length;

  // ---- The scenario.
  let failed = new Set();
  let broken = [];
  let waiting = 0;

  // Why a top is true: what follows from what, causes first.
  const explain = (promise) => {
    const seen = new Set();
    const open = [tops[promise]];
    while (open.length > 0) {
      const entry = open.pop();
      if (seen.has(entry)) continue;
      seen.add(entry);
      for (let at = first[entry]; at < first[entry + 1]; at++) {
        if ((values[children[at]] & 1) === 1) open.push(children[at]);
      }
    }
    const lines = [...seen].sort((a, b) => a - b).map((entry) => data.labels[entry]).filter((line) => line !== undefined);
    return [...new Set(lines)];
  };

  // For each promise the further failures that break it, or null for one that is broken. In slices of `most` runs.
  const further = (state, done, most) => {
    const others = failable.filter((component) => !state.has(component));
    const breaks = data.promises.map((_, promise) => (broken[promise] ? null : []));
    let from = 0;
    const slice = () => {
      for (let runs = 0; runs < most && from < others.length; runs++, from += LANES) {
        const some = others.slice(from, from + LANES);
        evaluate(state, some);
        breaks.forEach((list, promise) => {
          if (list) some.forEach((component, lane) => { if (top(promise, lane)) list.push(component); });
        });
      }
      return from >= others.length;
    };
    if (slice()) { done(breaks); return; }
    const token = ++waiting;
    const later = () => {
      if (token !== waiting) return;
      if (slice()) done(breaks); else idle(later);
    };
    idle(later);
  };
  const idle = (work) => (window.requestIdleCallback ? window.requestIdleCallback(work, { timeout: 200 }) : setTimeout(work, 0));
  // Runs of the circuit that fit into a few milliseconds; more than that waits for an idle moment.
  const AT_ONCE = Math.max(1, Math.floor(400000 / (operations.length + children.length + 1)));

  // ---- What is shown.
  const buttons = new Map();
  for (const button of all("[data-path][aria-pressed]")) {
    const of = buttons.get(button.dataset.path) || [];
    of.push(button);
    buttons.set(button.dataset.path, of);
  }
  const wires = all("#topology .wire").map((wire) => [
    wire, wire.dataset.from, wire.dataset.parts ? wire.dataset.parts.split("\n") : [],
  ]);
  const frames = all("#topology .frame");
  const items = all("#state > li");

  const element = (name, text, className) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };
  const codes = (into, components, most) => {
    components.slice(0, most).forEach((component, at) => {
      if (at > 0) into.append(", ");
      into.append(element("code", path(component)));
    });
    if (components.length > most) into.append(` and ${components.length - most} more`);
  };

  // What single failures were predicted to cost, when exactly one is shown.
  const seconds = (promise) => {
    if (failed.size !== 1) return "";
    const of = data.seconds[path([...failed][0])];
    const words = of && of[data.promises[promise]];
    if (!words) return "";
    if (words === "not at all") return "Nobody notices. ";
    return words.startsWith("until") ? `Away ${words}. ` : `Away for ${words}. `;
  };

  const showPromises = () => {
    items.forEach((item, promise) => {
      item.classList.toggle("bad", broken[promise]);
      item.classList.toggle("good", !broken[promise]);
      item.classList.remove("warn");
      item.querySelector(".mark").textContent = broken[promise] ? "✕" : "✓";
      item.querySelector(".word").textContent = broken[promise] ? "broken" : "holds";
      const why = item.querySelector(".why");
      why.hidden = !broken[promise];
      if (broken[promise]) {
        item.querySelector(".next").textContent = seconds(promise);
        why.querySelector("ol").replaceChildren(...explain(promise).map((line) => element("li", line)));
      }
    });
  };

  // What the file accepts to lose is not counted: the sentence below the list says so.
  const showMargins = (breaks) => {
    const more = failed.size > 0 ? " more" : "";
    breaks.forEach((list, promise) => {
      if (!list) return;
      const next = items[promise].querySelector(".next");
      const others = list.filter((component) => !accepted(component));
      next.textContent = seconds(promise);
      if (others.length === 0) return;
      items[promise].classList.replace("good", "warn");
      items[promise].querySelector(".mark").textContent = "!";
      items[promise].querySelector(".word").textContent = "holds, no spare";
      next.append(`One${more} failure breaks it: `);
      codes(next, others, 3);
    });
  };

  const decimals = (value, digits) => value.toFixed(digits).replace(/\.?0+$/, "");
  const showRoom = () => {
    if (!byId("room")) return;
    let cpu = 0;
    let memory = 0;
    data.rooms.forEach((room, at) => {
      if (!top(PROMISES + at)) { cpu += room[1]; memory += room[2]; }
    });
    byId("room").textContent = `${decimals(cpu / 1000, 3)} CPU and ${(memory / 2 ** 30).toFixed(1)} GiB`;
    for (const cell of all("[data-need]")) {
      const need = data.needs[cell.dataset.need];
      const fits = need[1] <= cpu && need[2] <= memory;
      cell.replaceChildren(element("span", fits ? "✓ fits" : "✕ does not fit", fits ? "good" : "bad"));
    }
  };

  const shown = new Map();
  const showDrawing = () => {
    const away = new Set();
    data.drawn.forEach((drawn, at) => { if (top(PROMISES + ROOMS + at)) away.add(drawn); });
    const gone = new Set([...failed].map(path));
    for (const [name, of] of buttons) {
      const state = gone.has(name) ? "failed" : away.has(name) ? "away" : "";
      // What has not changed is left alone: browsers work for every attribute that is set.
      if (shown.get(name) === state) continue;
      shown.set(name, state);
      for (const button of of) {
        button.setAttribute("aria-pressed", String(state === "failed"));
        button.classList.toggle("failed", state === "failed");
        button.classList.toggle("away", state === "away");
        if (button.dataset.about) {
          const also = { failed: ": failed", away: ": down because of what failed" }[state] || "";
          button.setAttribute("aria-label", button.dataset.about + also);
        }
      }
    }
    for (const frame of frames) frame.classList.toggle("failed", gone.has(frame.dataset.path));
    for (const [wire, from, parts] of wires) {
      wire.classList.toggle("failed", parts.some((part) => gone.has(part)));
      wire.classList.toggle("away", gone.has(from) || away.has(from));
    }
  };

  const showFailed = () => {
    const list = [...failed];
    byId("count").textContent = list.length === 0 ? "nothing" : `${list.length} ${list.length === 1 ? "part" : "parts"}`;
    byId("clear").disabled = list.length === 0;
    byId("failed").replaceChildren(...list.map((component) => {
      const item = element("li");
      const button = element("button", path(component), "mend");
      button.type = "button";
      button.setAttribute("aria-label", `Mend ${path(component)}`);
      button.addEventListener("click", () => {
        toggle(path(component));
        // The button is gone: the keyboard goes on from the next one.
        (byId("failed").querySelector("button") || items[0].closest("section").querySelector("[data-path]")).focus();
      });
      item.append(button);
      return item;
    }));
  };

  const names = (list) => list.map((promise) => data.promises[promise]).join(", ");
  const announce = (before) => {
    const fell = data.promises.map((_, at) => at).filter((at) => broken[at] && !before[at]);
    const rose = data.promises.map((_, at) => at).filter((at) => !broken[at] && before[at]);
    const still = broken.filter(Boolean).length;
    const parts = [failed.size === 0 ? "Nothing has failed." : `Failed: ${[...failed].map(path).join(", ")}.`];
    if (fell.length > 0) parts.push(`Now broken: ${names(fell)}.`);
    if (rose.length > 0) parts.push(`Holds again: ${names(rose)}.`);
    parts.push(still === 0 ? "All promises hold." : `${still} of ${PROMISES} promises are broken.`);
    byId("announce").textContent = parts.join(" ");
  };

  // Everything that changes what has failed comes through here: clicks, keys, the address, tests.
  const set = (next) => {
    const before = broken;
    waiting++;
    failed = next;
    evaluate(failed);
    broken = data.promises.map((_, promise) => top(promise));
    showPromises();
    showRoom();
    showDrawing();
    showFailed();
    if (before.length > 0) announce(before);
    further(new Set(failed), showMargins, AT_ONCE);
  };

  // ---- The address: #fail=host/pve-1+switch/leaf-1
  const write = (name) => encodeURIComponent(name).replaceAll("%2F", "/").replaceAll("%3A", ":");
  const remember = () => {
    const fragment = failed.size === 0 ? "" : `#fail=${[...failed].map((component) => write(path(component))).join("+")}`;
    try {
      history.replaceState(null, "", fragment || location.pathname + location.search);
    } catch {
      location.hash = fragment;
    }
  };
  const read = () => {
    if (!location.hash.startsWith("#fail=")) return;
    const unknown = [];
    const next = new Set();
    for (const part of location.hash.slice("#fail=".length).split("+").filter(Boolean)) {
      let name = part;
      try { name = decodeURIComponent(part); } catch { /* not encoded: as it stands */ }
      const component = number.get(name);
      if (component !== undefined && mayFail(component)) next.add(component); else unknown.push(name);
    }
    byId("unknown").hidden = unknown.length === 0;
    byId("unknown").textContent = `Not in this design: ${unknown.join(", ")}`;
    set(next);
  };

  const toggle = (name) => {
    const component = number.get(name);
    if (component === undefined || !mayFail(component)) return;
    const next = new Set(failed);
    if (!next.delete(component)) next.add(component);
    set(next);
    remember();
  };

  // ---- Hands.
  document.addEventListener("click", (event) => {
    const part = event.target.closest("[data-path][aria-pressed]");
    if (part) { toggle(part.dataset.path); return; }
    const fold = event.target.closest(".fold");
    if (fold) {
      const open = fold.getAttribute("aria-expanded") !== "true";
      fold.setAttribute("aria-expanded", String(open));
      fold.closest("tbody").classList.toggle("open", open);
      byId(fold.getAttribute("aria-controls")).hidden = !open;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    const part = event.target.closest("g[data-path]");
    if (part) { event.preventDefault(); toggle(part.dataset.path); }
  });
  byId("clear").addEventListener("click", () => { set(new Set()); remember(); });
  window.addEventListener("hashchange", read);

  byId("filter").addEventListener("input", (event) => {
    const wanted = event.target.value.trim().toLowerCase();
    for (const fold of all(".fold")) {
      const group = byId(fold.getAttribute("aria-controls"));
      let shown = 0;
      for (const row of group.rows) {
        const fits = row.cells[0].textContent.toLowerCase().includes(wanted);
        row.hidden = !fits;
        if (fits) shown++;
      }
      // While one looks for a name, every group is open that has it.
      group.hidden = wanted ? shown === 0 : fold.getAttribute("aria-expanded") !== "true";
    }
  });

  // ---- Light and dark: as the system has it, until somebody chooses.
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const showTheme = () => byId("theme").setAttribute("aria-pressed", String(dark()));
  try { const kept = localStorage.getItem("plimsoll-theme"); if (kept) root.dataset.theme = kept; } catch { /* not allowed */ }
  byId("theme").addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    try { localStorage.setItem("plimsoll-theme", root.dataset.theme); } catch { /* not allowed */ }
    showTheme();
  });
  system.addEventListener("change", showTheme);
  showTheme();

  set(new Set());
  read();

  if (data.reload) {
    setInterval(async () => {
      try {
        const answer = await fetch(data.reload.poll, { cache: "no-store" });
        if ((await answer.text()) !== data.reload.stamp) location.reload();
      } catch { /* the server has ended */ }
    }, 1000);
  }

  // For tests and for the curious: the same `set` as a click.
  window.plimsoll = {
    ask: (paths) => {
      set(new Set(paths.map((name) => number.get(name))));
      return data.promises.filter((_, promise) => broken[promise]);
    },
    toggle,
    failed: () => [...failed].map(path),
    explain: (id) => { evaluate(failed); const at = data.promises.indexOf(id); return broken[at] ? explain(at) : []; },
    margins: () => {
      let result;
      further(new Set(failed), (breaks) => { result = breaks.map((list) => list && list.map(path)); }, Infinity);
      return result;
    },
    room: () => { evaluate(failed); return data.rooms.filter((_, at) => !top(PROMISES + at)).map((room) => room[0]); },
  };
})();
