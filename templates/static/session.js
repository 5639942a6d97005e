// Asks before a session ends whether to go on. Only the server knows: other tabs use it too.
"use strict";

// A block of its own: names at the top are shared by all scripts of a page.
{
  const LOOKS = 15;
  const dialog = document.getElementById("session");
  const warns = Number(dialog.dataset.warns);
  let [left, lasts, looked, typed, last, over] = [null, null, null, false, false, false];

  const arm = ({ idle, in_all: inAll, until }) => {
    const passed = stopwatch();
    left = () => Math.min(idle, inAll) - passed();
    lasts = inAll <= idle;
    looked = stopwatch();
    if (until) {
      document.getElementById("session-until").textContent = until;
    }
  };
  const told = () => {
    const minutes = Math.max(1, Math.floor(left() / 60));
    return minutes === 1 ? dialog.dataset.one : dialog.dataset.many.replace("{n}", minutes);
  };
  // Shows one of the three: asked, last, over.
  const show = (state) => {
    const form = dialog.querySelector(`[data-when="${state}"]`);
    const text = form.dataset.text.replace("{left}", told());
    const news = document.getElementById("session-text");
    if (news.textContent !== text) {
      news.textContent = text;
    }
    if (!form.hidden && dialog.open) {
      return;
    }
    for (const each of dialog.querySelectorAll("[data-when]")) {
      each.hidden = each !== form;
    }
    const heading = document.getElementById("session-heading");
    heading.textContent = form.dataset.heading;
    document.getElementById("session-failed").textContent = "";
    if (!dialog.open) {
      dialog.showModal();
    }
    // One press goes on; what else there is to say is read first.
    (state === "asked" ? form.querySelector("button") : heading).focus();
  };
  const end = () => {
    over = true;
    show("over");
  };
  const hear = async (answer) => {
    if (answer.ok) {
      arm(await answer.json());
    } else if (answer.status === 401 || answer.status === 403) {
      end();
    }
    return answer.ok;
  };
  const renew = async () => {
    const form = dialog.querySelector('[data-when="asked"]');
    const body = new URLSearchParams(new FormData(form));
    typed = false;
    try {
      if (await hear(await fetch("/session", { method: "POST", body, cache: "no-store" }))) {
        dialog.close();
      } else if (!over) {
        throw new Error("refused");
      }
    } catch {
      const failed = document.getElementById("session-failed");
      failed.textContent = failed.dataset.says;
    }
  };
  const look = async () => {
    looked = stopwatch();
    try {
      await hear(await ask("/session.json"));
    } catch {
      // The next look may succeed; until then the time that was told counts.
    }
  };
  const check = async (at = LOOKS) => {
    if (over || (left() > warns && !dialog.open)) {
      return;
    }
    if (looked() >= at) {
      await look();
    }
    if (over) {
      return;
    }
    if (left() > warns) {
      if (dialog.open) {
        dialog.close();
      }
    } else if (lasts) {
      // Told once: there is nothing to press that would give more time.
      if (!last || dialog.open) {
        last = true;
        show("last");
      }
    } else if (typed) {
      // Whoever is typing is there.
      await renew();
    } else {
      show("asked");
    }
  };

  arm({ idle: Number(dialog.dataset.idle), in_all: Number(dialog.dataset.inAll) });
  dialog.querySelector('[data-when="asked"]').addEventListener("submit", (event) => {
    event.preventDefault();
    renew();
  });
  // Whoever presses Escape is there as well.
  dialog.addEventListener("cancel", (event) => {
    if (!dialog.querySelector('[data-when="asked"]').hidden) {
      event.preventDefault();
      renew();
    }
  });
  document.addEventListener("input", () => {
    typed = true;
  });
  // After sleep, or in a tab that was away, at once.
  const back = () => {
    if (!document.hidden) {
      check(0);
    }
  };
  document.addEventListener("visibilitychange", back);
  window.addEventListener("pageshow", back);
  window.addEventListener("focus", back);
  setInterval(check, 5000);
}
