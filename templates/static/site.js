// A few comforts; every page works without them.
"use strict";

// What is looked at again and again: soon at first, then seldom, until it answers true.
const keepLooking = (look, pause = 2000, longest = 30000) => {
  const again = async () => {
    try {
      if (!document.hidden && (await look())) {
        return;
      }
    } catch {
      // The next look may succeed.
    }
    pause = Math.min(pause * 1.5, longest);
    setTimeout(again, pause);
  };
  setTimeout(again, pause);
};
// Seconds since now, also of a computer that slept or whose clock was set: the longer measure.
const stopwatch = () => {
  const [running, wall] = [performance.now(), Date.now()];
  return () => Math.max(performance.now() - running, Date.now() - wall) / 1000;
};
// A page that asks by itself says so: that is nobody's use of a session, which ends all the same.
const ask = (path, headers = {}) =>
  fetch(path, {
    redirect: "manual",
    cache: "no-store",
    headers: { "Page-Refresh": "1", ...headers },
  });

// The waiting page asks by itself whether something has moved.
const waiting = document.querySelector("[data-waiting]");
if (waiting) {
  keepLooking(async () => {
    const answer = await ask("/progress");
    const here = `data-waiting="${waiting.dataset.waiting}"`;
    const moved =
      answer.type === "opaqueredirect" || (answer.ok && !(await answer.text()).includes(here));
    if (moved) {
      location.replace("/progress?refreshed");
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
      document.dispatchEvent(new CustomEvent("news", { detail: page }));
    }
    return answer.type === "opaqueredirect";
  });
}

// What a button did is said to who cannot see it.
const say = (about, text) => {
  document.getElementById(`${about}-said`).textContent = text;
};

// The username and a password in its field can be taken along.
for (const button of document.querySelectorAll("[data-copies]")) {
  const about = button.dataset.copies;
  const node = document.getElementById(about);
  button.hidden = !navigator.clipboard || node.matches("[type=password]");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(node.value ?? node.textContent);
    say(about, button.dataset.said);
  });
}
for (const button of document.querySelectorAll("[data-prints]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// The password can be looked at while it is typed.
for (const button of document.querySelectorAll("[data-shows]")) {
  const input = document.getElementById(button.dataset.shows);
  const show = button.textContent;
  const shows = (shown) => {
    input.type = shown ? "text" : "password";
    button.textContent = shown ? button.dataset.hide : show;
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    shows(input.type === "password");
    say(input.id, input.type === "text" ? button.dataset.shown : button.dataset.hidden);
  });
  input.addEventListener("suggested", () => shows(true));
  input.form.addEventListener("submit", () => {
    input.type = "password";
  });
}

// At the desk an open page follows what happens, while it is looked at and not paused. What has the focus keeps it, and a selection is left alone.
const refreshed = document.getElementById("refreshed");
const living = () => document.querySelectorAll("[data-live]");
const renew = (old, fresh) => {
  const focus = old.contains(document.activeElement) ? document.activeElement : null;
  const href = focus && focus.getAttribute("href");
  const id = focus && focus.id;
  const box = old.querySelector(".app-scroll");
  const left = box ? box.scrollLeft : 0;
  old.replaceChildren(...fresh.childNodes);
  const again = [...old.querySelectorAll(id ? "[id]" : href ? "a" : ".app-scroll")].find((each) =>
    id ? each.id === id : !href || each.getAttribute("href") === href,
  );
  if (old.querySelector(".app-scroll")) {
    old.querySelector(".app-scroll").scrollLeft = left;
  }
  if (focus && again) {
    again.focus({ preventScroll: true });
  }
};
if (refreshed && living().length) {
  const shown = new Map();
  const words = (region) => {
    const copy = region.cloneNode(true);
    copy.querySelectorAll(".app-age").forEach((age) => age.remove());
    return copy.textContent;
  };
  living().forEach((region) => shown.set(region.dataset.live, region.innerHTML));
  const often = 20000;
  const pause = document.getElementById("pause");
  const [stop, kept] = [pause.textContent, `paused ${location.pathname}`];
  let paused = false;
  const hold = (held) => {
    paused = held;
    pause.textContent = paused ? pause.dataset.resume : stop;
  };
  try {
    hold(sessionStorage.getItem(kept) === "1");
  } catch {
    // Nothing is kept.
  }
  pause.hidden = false;
  pause.addEventListener("click", () => {
    hold(!paused);
    refreshed.textContent = paused ? pause.dataset.said : "";
    try {
      sessionStorage.setItem(kept, paused ? "1" : "0");
    } catch {
      // As above.
    }
  });
  const follow = async () => {
    if (paused || !document.getSelection().isCollapsed) {
      return false;
    }
    const answer = await ask(location.href);
    if (answer.ok && !paused) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const region of living()) {
        const fresh = page.querySelector(`[data-live="${region.dataset.live}"]`);
        if (fresh && fresh.innerHTML !== shown.get(region.dataset.live)) {
          shown.set(region.dataset.live, fresh.innerHTML);
          if (words(fresh) !== words(region)) {
            const time = page.getElementById("refreshed").dataset.at;
            refreshed.textContent = `${refreshed.dataset.changed} ${time}`;
          }
          renew(region, fresh);
        }
      }
    }
    const ended = answer.type === "opaqueredirect";
    if (ended) {
      refreshed.textContent = refreshed.dataset.ended;
    }
    return ended;
  };
  keepLooking(follow, often, often);
}

// At the desk Ctrl and "/" go to the search box: one key alone would be pressed by speech (WCAG 2.1.4).
const finds = document.querySelector("[data-finds]");
document.addEventListener("keydown", (pressed) => {
  if (finds && pressed.key === "/" && (pressed.ctrlKey || pressed.metaKey)) {
    pressed.preventDefault();
    finds.focus();
  }
});

// A suggested password is put into the field, where the browser's password manager finds it.
for (const button of document.querySelectorAll("[data-suggests]")) {
  const input = document.getElementById(button.dataset.suggests);
  const choice = document.getElementById("suggestions");
  const texts = [...choice.querySelectorAll(".app-code")].map((each) => each.textContent.trim());
  choice.hidden = choice.querySelector("fieldset").disabled = true;
  button.hidden = false;
  button.addEventListener("click", () => {
    input.value = texts[0];
    input.form.elements.suggested.disabled = false;
    texts.push(texts.shift());
    for (const event of ["suggested", "input"]) {
      input.dispatchEvent(new Event(event, { bubbles: true }));
    }
    button.textContent = button.dataset.other;
    document.querySelector(`[data-copies="${input.id}"]`).hidden = !navigator.clipboard;
    say(input.id, button.dataset.said);
  });
}

// Rules are ticked while a password is typed; how many are met is said after a pause.
for (const list of document.querySelectorAll("[data-rules]")) {
  const input = document.getElementById(list.dataset.rules);
  const rules = [...list.querySelectorAll("[data-allows]")];
  let pause;
  const tick = () => {
    for (const rule of rules) {
      const met = new RegExp(`^(?:${rule.dataset.allows})$`, "u").test(input.value);
      rule.classList.toggle("app-met", met);
    }
    clearTimeout(pause);
    pause = setTimeout(() => {
      const met = list.querySelectorAll(".app-met").length;
      const text = list.dataset.met.replace("{met}", met).replace("{all}", rules.length);
      say(`${input.id}-rules`, input.value ? text : "");
    }, 1000);
  };
  input.addEventListener("input", tick);
}
