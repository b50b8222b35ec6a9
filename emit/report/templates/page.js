"use strict";
// Marks the section that a person reads in the contents, and unfolds what is folded for print.

(() => {
  const links = new Map();
  for (const link of document.querySelectorAll(".contents a")) {
    const heading = document.getElementById(link.hash.slice(1));
    if (heading) links.set(heading, link);
  }

  // The last heading that stands above the upper third; at the page's end the last of all.
  function current() {
    const headings = [...links.keys()].filter((one) => one.offsetParent);
    const ended = window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 2;
    if (ended && window.scrollY > 0) return headings.at(-1);
    const line = window.innerHeight / 3;
    return headings.filter((one) => one.getBoundingClientRect().top <= line).at(-1);
  }

  function mark() {
    const now = links.get(current());
    for (const link of links.values()) {
      if (link === now) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  let waiting = false;
  function later() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; mark(); });
  }

  for (const event of ["scroll", "resize"]) window.addEventListener(event, later, { passive: true });
  mark();

  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const one of opened) one.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const one of opened) one.open = false;
  });
})();
