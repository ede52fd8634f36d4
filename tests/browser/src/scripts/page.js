// Questions about a page, asked in an isolated world. The file is one expression: an object of questions.
({
  shown(element) {
    return element.checkVisibility({ visibilityProperty: true, opacityProperty: false });
  },

  words(text) {
    return (text ?? "").replace(/\s+/g, " ").trim();
  },

  // What a person calls an element: its label, else what stands on it.
  name(element) {
    const label = element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent;
    const image = () => element.querySelector("img[alt]")?.alt;
    return this.words(label ?? (this.words(element.textContent) || image() || element.value));
  },

  // A selector that a developer recognises; it need not be unique.
  selector(element) {
    if (element === document.body || !element) return "body";
    const id = element.id ? `#${element.id}` : "";
    const classes = [...element.classList].map((it) => `.${it}`).join("");
    const at = id || classes || [...element.attributes].slice(0, 2).map((it) => `[${it.name}="${it.value}"]`).join("");
    return element.localName + at;
  },

  kinds: {
    link: "a[href]",
    button: "button, input[type=submit], summary, [role=button]",
    field: "input:not([type=hidden], [type=submit]), select, textarea",
    heading: "h1, h2, h3, h4, h5, h6",
  },

  // The first of this name, what stands in parentheses at its end left out. “Group › Name” is one in a group of fields,
  // whose legend begins with that name.
  named(kind, wanted) {
    const [name, group] = wanted.split(" › ").reverse();
    const legend = (it) => this.words(it.closest("fieldset")?.querySelector("legend")?.textContent);
    const shown = [...document.querySelectorAll(this.kinds[kind])].filter((it) => this.shown(it));
    const all = group ? shown.filter((it) => `${legend(it)} `.startsWith(`${group} `)) : shown;
    const found = all.find((it) => this.name(it) === name) ?? all.find((it) => this.name(it).startsWith(`${name} (`));
    if (!found) throw new Error(`no ${kind} is named “${wanted}”; there are: ${all.map((it) => this.name(it)).join(" | ")}`);
    return found;
  },

  // What lies above it, where it is in the window at all; nothing where it is seen. A link may go over several lines.
  cover(element) {
    const inside = (box) => {
      const [left, right] = [Math.max(box.left, 0), Math.min(box.right, innerWidth)];
      const [top, bottom] = [Math.max(box.top, 0), Math.min(box.bottom, innerHeight)];
      return left < right && top < bottom ? [(left + right) / 2, (top + bottom) / 2] : null;
    };
    const middle = [...element.getClientRects()].map(inside).find((it) => it);
    if (!middle) return "the edge of the window";
    const above = document.elementFromPoint(...middle);
    const same = !above || above === element || element.contains(above) || above.contains(element);
    return same || [...(element.labels ?? [])].some((it) => it.contains(above)) ? null : this.selector(above);
  },

  // Where to click.
  spot(kind, wanted) {
    const element = this.named(kind, wanted);
    element.scrollIntoView({ block: "center", behavior: "instant" });
    const boxes = [...element.getClientRects()].filter((it) => it.width > 0 && it.height > 0);
    if (!boxes.length) throw new Error(`the ${kind} “${wanted}” has no size`);
    const cover = this.cover(element);
    if (cover) throw new Error(`the ${kind} “${wanted}” lies below ${cover}`);
    return { x: boxes[0].left + boxes[0].width / 2, y: boxes[0].top + boxes[0].height / 2 };
  },

  // Puts the caret into a field, with all of its text selected.
  enter(wanted) {
    const field = this.named("field", wanted);
    field.scrollIntoView({ block: "center", behavior: "instant" });
    field.focus();
    field.select?.();
    return document.activeElement === field;
  },

  // Chooses an option of a select by its text, or a part of it.
  choose(wanted, option) {
    const field = this.named("field", wanted);
    const options = [...field.options].map((it) => [this.words(it.textContent), it]);
    const found = (options.find(([text]) => text === option) ?? options.find(([text]) => text.includes(option)))?.[1];
    if (!found) throw new Error(`“${wanted}” has no option “${option}”; there are: ${options.map(([text]) => text).join(" | ")}`);
    field.focus();
    found.selected = true;
    for (const kind of ["input", "change"]) field.dispatchEvent(new Event(kind, { bubbles: true }));
    return true;
  },

  // Every element that the Tab key must reach; of radio buttons of one name the Tab key reaches one.
  reachable() {
    const all = document.querySelectorAll(
      "a[href], button, input, select, textarea, summary, [tabindex], [contenteditable]",
    );
    const groups = new Set();
    return [...all].filter((it) => {
      if (it.matches(":disabled") || it.tabIndex < 0 || it.type === "hidden" || !this.shown(it)) return false;
      if (it.localName === "summary" && it.parentElement?.localName !== "details") return false;
      if (it.type !== "radio") return true;
      const group = [...document.getElementsByName(it.name)].filter((other) => other.form === it.form);
      const reached = group.find((other) => other.checked) ?? group[0];
      if (groups.has(reached)) return false;
      groups.add(reached);
      return true;
    });
  },

  // Remembers what must be reached, and gives it in words.
  begin_walk() {
    this.walked = this.reachable();
    return this.walked.map((it) => `${this.selector(it)} “${this.name(it)}”`);
  },

  // Where the focus is.
  stop() {
    const element = document.activeElement;
    if (!element || element === document.body || element === document.documentElement) return null;
    let index = this.walked.indexOf(element);
    if (index < 0 && element.type === "radio") index = this.walked.findIndex((it) => it.name === element.name);
    const style = getComputedStyle(element);
    const outline = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
    const clear = /^(transparent|rgba\(.*, 0\))$/.test(style.outlineColor);
    const box = element.getBoundingClientRect();
    const seen = box.width > 0 && box.height > 0 && element.checkVisibility({ opacityProperty: true });
    return {
      index,
      name: `${this.selector(element)} “${this.name(element)}”`,
      ring: (outline && !clear) || style.boxShadow !== "none",
      hidden: seen ? this.cover(element) : "nothing: it is not shown",
    };
  },

  // Whether an element that it is laid out in cuts it off, or scrolls by itself.
  cut(element) {
    const style = getComputedStyle(element);
    if (style.position === "fixed") return false;
    const outer = style.position === "absolute" ? element.offsetParent : element.parentElement;
    if (!outer || outer === document.body) return false;
    return getComputedStyle(outer).overflowX !== "visible" || this.cut(outer);
  },

  // What sticks out of the page to the right, the innermost only; nothing where the page does not scroll that way.
  wide() {
    const page = document.documentElement;
    if (page.scrollWidth <= page.clientWidth) return [];
    const ends = (it) => Math.round(it.getBoundingClientRect().right);
    const out = [...document.body.querySelectorAll("*")].filter((it) => ends(it) > page.clientWidth && !this.cut(it));
    const inner = out.filter((it) => !out.some((other) => other !== it && it.contains(other)));
    return [`the page is ${page.scrollWidth} px wide`, ...inner.map((it) => `${this.selector(it)} ends at ${ends(it)} px`)];
  },

  // What moved while the page loaded, as the browser measured it. The columns of a long table find their widths while its
  // rows come in: a fiftieth in all, a fifth of what counts as good (web.dev: 0.1), is seen by nobody.
  async shifts() {
    const observer = new PerformanceObserver(() => {});
    observer.observe({ type: "layout-shift", buffered: true });
    const entries = observer.takeRecords();
    observer.disconnect();
    const moves = entries.filter((it) => !it.hadRecentInput);
    if (moves.reduce((sum, it) => sum + it.value, 0) < 0.02) return [];
    return moves.map((it) => {
      const moved = it.sources.map((source) => (source.node?.localName ? this.selector(source.node) : "text"));
      return `${it.value.toFixed(4)}: ${moved.join(", ")}`;
    });
  },

  // Two frames from now, everything that was loaded is laid out and painted.
  painted() {
    return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))));
  },
})
