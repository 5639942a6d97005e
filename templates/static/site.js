// A few comforts; every page works without them.
"use strict";

// What is looked at again and again: soon at first, then seldom, until it answers true.
const keepLooking = (look) => {
  let pause = 2000;
  const again = async () => {
    try {
      if (!document.hidden && (await look())) {
        return;
      }
    } catch {
      // The next look may succeed.
    }
    pause = Math.min(pause * 1.5, 30000);
    setTimeout(again, pause);
  };
  setTimeout(again, pause);
};
const ask = (path, headers = {}) =>
  fetch(path, { redirect: "manual", cache: "no-store", headers });

// The waiting page asks by itself whether something has moved.
const waiting = document.querySelector("[data-waiting]");
if (waiting) {
  keepLooking(async () => {
    const answer = await ask("/progress");
    const here = `data-waiting="${waiting.dataset.waiting}"`;
    const moved =
      answer.type === "opaqueredirect" || (answer.ok && !(await answer.text()).includes(here));
    if (moved) {
      location.replace("/progress");
    }
    return moved;
  });
}

// While a code is awaited its news change under the eyes; what is being typed stays.
const news = document.querySelector("[data-news]");
if (news) {
  let mark = "none";
  keepLooking(async () => {
    const answer = await ask(news.dataset.news, { "If-None-Match": mark });
    if (answer.ok) {
      mark = answer.headers.get("etag") || "none";
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("[data-news]");
      if (fresh && fresh.textContent !== news.textContent) {
        news.replaceChildren(...fresh.childNodes);
      }
    }
    return answer.type === "opaqueredirect";
  });
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

// At the desk "/" goes to the search box, but not while somebody types.
const finds = document.querySelector("[data-finds]");
document.addEventListener("keydown", (pressed) => {
  const typing = pressed.target.closest("input, textarea, select");
  if (finds && pressed.key === "/" && !typing && !pressed.ctrlKey && !pressed.metaKey) {
    pressed.preventDefault();
    finds.focus();
  }
});
