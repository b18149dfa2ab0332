"use strict";
// Our options on Locust's form: in groups, with their help below them; and no users and ramp of Locust's where our schedule decides
// them. Nothing of Locust's is moved or taken away, for it is React's: nodes are added beside it, and attributes that hide it.
(() => {
  const ours = window.templateArgs && window.templateArgs.bizra_load;
  if (!ours) return;
  const camel = (name) => name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());
  const USERS = ["userCount", "spawnRate", "runTime"];
  const OPEN = 2; // groups that are open at first: what is planned, and by what it is judged
  const closed = new Set(ours.groups.slice(OPEN).map((group) => group.title));

  function made(tag, className, text) {
    const element = document.createElement(tag);
    element.className = className;
    element.textContent = text;
    return element;
  }

  const input = (form, name) => form.querySelector(`[name="${name}"]`);

  // the outermost element of a field: a child of what holds all fields
  function rootOf(form, name, holder) {
    let element = input(form, name);
    while (element && element.parentElement && (holder ? element.parentElement !== holder : !/MuiFormControl/.test(element.className))) {
      element = element.parentElement;
      if (element === form) return null;
    }
    return element;
  }

  function hide(element, hidden) {
    if (element && element.hasAttribute("data-bizra-hidden") !== hidden) element.toggleAttribute("data-bizra-hidden", hidden);
  }

  // what holds the fields of our options: the least element with all of them in it
  function holderOf(form) {
    const names = ours.groups.flatMap((group) => Object.keys(group.fields)).map(camel);
    const first = input(form, names[0]);
    let holder = first && first.parentElement;
    while (holder && !names.every((name) => holder.querySelector(`[name="${name}"]`))) holder = holder.parentElement;
    return holder;
  }

  function group(form, holder, {title, note, fields}) {
    const roots = Object.keys(fields).map((key) => rootOf(form, camel(key), holder));
    let heading = [...holder.children].find((child) => child.dataset.group === title);
    if (!heading) {
      heading = made("button", "bizra-load-group", title);
      heading.type = "button";
      heading.dataset.group = title;
      heading.addEventListener("click", () => {
        if (!closed.delete(title)) closed.add(title);
        decorate();
      });
      holder.insertBefore(heading, roots[0]);
      if (note) {
        heading.note = made("p", "bizra-load-note", note);
        holder.insertBefore(heading.note, roots[0]);
      }
      roots.forEach((root, number) => addHelp(root, Object.values(fields)[number]));
    }
    const expanded = String(!closed.has(title));
    if (heading.getAttribute("aria-expanded") !== expanded) heading.setAttribute("aria-expanded", expanded);
    for (const element of [...roots, heading.note]) hide(element, closed.has(title));
  }

  function addHelp(root, text) {
    const label = root.querySelector(".MuiFormControlLabel-label") || root.querySelector(":scope > .MuiTypography-root");
    const help = made(label ? "span" : "p", "bizra-load-help", text);
    (label || root).append(help);
    const field = root.querySelector("[name]");
    help.id = `bizra-load-help-${field.name}-${document.querySelectorAll(".bizra-load-help").length}`;
    field.setAttribute("aria-describedby", help.id);
  }

  function users(form) {
    const first = rootOf(form, USERS[0]);
    if (!first) return;
    const rate = ours.rates.some((name) => (input(form, camel(name)) || {}).value);
    const decided = ours.schedule || rate || (ours.note && input(form, USERS[0]).disabled);
    for (const name of USERS) hide(rootOf(form, name), Boolean(decided));
    const text = ours.note || (rate ? "The planned load (target ops or stages) decides how many users there are, and for how long." : "");
    let note = [...first.parentElement.children].find((child) => child.matches(".bizra-load-note"));
    if (!note) {
      note = made("p", "bizra-load-note", text);
      first.parentElement.insertBefore(note, first);
    }
    if (note.textContent !== text) note.textContent = text;
    hide(note, !text);
  }

  function decorate() {
    for (const form of document.querySelectorAll("form")) {
      users(form);
      const holder = ours.groups.length ? holderOf(form) : null;
      if (!holder) continue;
      holder.dataset.bizraLoad = "";
      for (const one of ours.groups) group(form, holder, one);
      const summary = holder.closest(".MuiAccordion-root");
      const button = summary && summary.querySelector("button[aria-expanded]");
      if (button && !form.dataset.bizraOpened) {
        form.dataset.bizraOpened = "yes";
        if (button.getAttribute("aria-expanded") === "false") button.click();
      }
    }
  }

  let asked = false;
  function soon() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; decorate(); });
  }

  new MutationObserver(soon).observe(document.documentElement, {childList: true, subtree: true});
  document.addEventListener("input", soon);
  document.addEventListener("change", soon);
  soon();
})();
