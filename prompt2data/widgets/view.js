// Shows the parts of a `View` (view.py) and reports what the reader does. It knows no widget in particular.

const DELAY = 80; // milliseconds without a further change before an input is reported
const FOLDED = "details[id]";
const opened = new Map(); // id -> whether the reader left it open, also for another view of the same widget
const note = (one) => opened.set(one.id, one.open);

function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "p2d";
  root.setAttribute("role", "region");
  root.setAttribute("aria-label", model.get("label"));
  root.lang = model.get("language");
  // JupyterLab and the classic notebook have shortcuts on single keys.
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  root.setAttribute("data-jp-suppress-context-menu", "true");
  el.replaceChildren(root);

  const shown = new Map(); // name -> [element, HTML]
  const spoken = new Set(["status"]);

  const draw = () => {
    for (const [name, html] of Object.entries(model.get("parts"))) {
      if (!shown.has(name)) {
        const part = document.createElement("div");
        part.className = "p2d-part";
        part.dataset.part = name;
        if (spoken.has(name)) {
          part.setAttribute("role", "status");
          part.setAttribute("aria-live", "polite");
        }
        root.append(part);
        shown.set(name, [part, null]);
      }
      const entry = shown.get(name);
      if (entry[1] !== html) {
        const first = entry[1] === null ? model.get("fresh")[name] : undefined;
        entry[1] = html;
        replace(entry[0], first ?? html);
      }
    }
  };

  // The reader keeps focus, selection, scrolling and what is unfolded when the part they are in changes.
  const replace = (part, html) => {
    const active = part.contains(document.activeElement) ? document.activeElement : null;
    const [id, from, to] = [active?.id, active?.selectionStart, active?.selectionEnd];
    const scrolled = [...part.querySelectorAll("[data-keep][id]")].map((one) => [one.id, one.scrollTop, one.scrollLeft]);
    part.querySelectorAll(FOLDED).forEach(note);
    part.innerHTML = html;
    for (const [name, top, left] of scrolled) {
      const one = document.getElementById(name);
      if (one) [one.scrollTop, one.scrollLeft] = [top, left];
    }
    part.querySelectorAll(FOLDED).forEach((one) => { one.open = opened.get(one.id) ?? one.open; });
    if (!active) return;
    const again = (id && document.getElementById(id)) || part.querySelector("[data-focus]");
    if (!again) return;
    again.focus({ preventScroll: true });
    if (from != null && again.setSelectionRange) again.setSelectionRange(from, to);
  };

  const report = (name, value) => model.send({ do: name, value: String(value ?? "") });
  const waiting = new Map();
  const flush = (name) => {
    if (!waiting.has(name)) return;
    const [timer, value] = waiting.get(name);
    clearTimeout(timer);
    waiting.delete(name);
    report(name, value);
  };

  root.addEventListener("click", (event) => {
    const target = event.target.closest("[data-act]");
    if (!target || target.disabled || target.getAttribute("aria-disabled") === "true") return;
    [...waiting.keys()].forEach(flush); // what was typed counts before what is pressed
    report(target.dataset.act, target.dataset.value);
  });

  root.addEventListener("input", (event) => {
    const target = event.target.closest("[data-input]");
    if (!target) return;
    const value = target.type === "checkbox" ? target.checked : target.value;
    if (target.type === "range") {
      const output = target.closest("label, .p2d-field")?.querySelector("output");
      if (output) output.textContent = target.dataset.zero && Number(value) === 0 ? target.dataset.zero : value;
    }
    const name = target.dataset.input;
    if (waiting.has(name)) clearTimeout(waiting.get(name)[0]);
    waiting.set(name, [setTimeout(() => flush(name), DELAY), value]);
  });

  root.addEventListener("toggle", (event) => event.target.matches(FOLDED) && note(event.target), true); // no bubbling

  root.addEventListener("keydown", (event) => {
    event.stopPropagation();
    const target = event.target;
    const among = target.closest('[role="tree"], [data-roving]');
    if (among) move(event, among, target);
    else if (event.key === "Enter" && !event.isComposing && target.matches("input[data-input]")) {
      [...waiting.keys()].forEach(flush);
      if (target.dataset.enter) report(target.dataset.enter);
    }
  });
  for (const name of ["keyup", "keypress", "dblclick", "contextmenu"])
    root.addEventListener(name, (event) => event.stopPropagation());

  // Arrow keys within a group: one element of it is in the order of the Tab key.
  const move = (event, group, target) => {
    const tree = group.getAttribute("role") === "tree";
    const item = tree ? '[role="treeitem"]' : "[data-act]";
    const items = [...group.querySelectorAll(item)].filter((one) => one.offsetParent !== null);
    const place = items.indexOf(target.closest(item));
    const [after, before] = [() => place + 1, () => place - 1];
    const right = tree ? () => unfold(items, place) : after;
    const left = tree ? () => fold(items, place) : before;
    const to = { ArrowDown: after, ArrowRight: right, ArrowUp: before, ArrowLeft: left,
                 Home: () => 0, End: () => items.length - 1 }[event.key]?.();
    if (to !== undefined) {
      event.preventDefault();
      const next = items[Math.min(Math.max(to, 0), items.length - 1)];
      items.forEach((one) => one.setAttribute("tabindex", one === next ? "0" : "-1"));
      next.focus();
      if (group.dataset.roving === "select") next.click();
    } else if ((event.key === "Enter" || event.key === " ") && target.tagName !== "BUTTON") {
      event.preventDefault();
      target.click();
    }
  };

  // In a tree the right key opens an item, or goes to its first child; the left key closes it, or goes to its parent.
  // What opens and closes an item is the first element in it with `data-act`.
  const unfold = (items, place) => {
    const open = items[place]?.getAttribute("aria-expanded");
    if (open === "false") items[place].querySelector("[data-act]")?.click();
    return open === "true" ? place + 1 : place;
  };
  const fold = (items, place) => {
    if (items[place]?.getAttribute("aria-expanded") === "true") {
      items[place].querySelector("[data-act]")?.click();
      return place;
    }
    const level = (one) => Number(one?.getAttribute("aria-level"));
    const parent = items.slice(0, place).findLastIndex((one) => level(one) < level(items[place]));
    return parent < 0 ? place : parent;
  };

  draw();
  model.on("change:parts", draw);
  return () => {
    model.off("change:parts", draw);
    for (const [timer] of waiting.values()) clearTimeout(timer);
  };
}

export default { render };
