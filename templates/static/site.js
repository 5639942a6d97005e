// A few comforts; every page works without them.
"use strict";

// The waiting page asks by itself whether something has moved.
const waiting = document.querySelector("[data-waiting]");
if (waiting) {
  let pause = 2000;
  const look = async () => {
    try {
      const answer = await fetch("/progress", { redirect: "manual", cache: "no-store" });
      const here = `data-waiting="${waiting.dataset.waiting}"`;
      if (answer.type === "opaqueredirect" || (answer.ok && !(await answer.text()).includes(here))) {
        location.replace("/progress");
        return;
      }
    } catch {
      // The next look may succeed.
    }
    pause = Math.min(pause * 1.5, 30000);
    setTimeout(look, pause);
  };
  setTimeout(look, pause);
}

// What a button did is said to who cannot see it.
const say = (about, text) => {
  document.getElementById(`${about}-said`).textContent = text;
};

// The username can be taken along.
for (const button of document.querySelectorAll("[data-copies]")) {
  const name = button.dataset.copies;
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(name).textContent);
    say(name, button.dataset.said);
  });
}
for (const button of document.querySelectorAll("[data-prints]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// The password can be looked at while it is typed.
for (const button of document.querySelectorAll("[data-shows]")) {
  const input = document.getElementById(button.dataset.shows);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    say(input.id, shown ? button.dataset.shown : button.dataset.hidden);
  });
  input.form.addEventListener("submit", () => {
    input.type = "password";
  });
}
