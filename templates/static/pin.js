// The page of the code: what is pasted fits, and another message can be asked for in time.
"use strict";

// A block of its own: names at the top are shared by all scripts of a page.
{
  // A code with spaces or full-width digits becomes six digits; anything else stays as typed.
  const code = document.getElementById("pin");
  code?.addEventListener("input", () => {
    const digits = code.value.normalize("NFKC").replace(/\s/g, "");
    if (/^\d{6}$/.test(digits) && digits !== code.value) {
      code.value = digits;
    }
  });

  // The wait is counted down in sight and told once when it is over; the server decides all the same.
  const wait = document.querySelector("[data-opens-in]");
  if (wait) {
    let left;
    const arm = (seconds) => {
      const passed = stopwatch();
      left = () => Math.ceil(seconds - passed());
    };
    arm(Number(wait.dataset.opensIn));
    const two = (number) => String(number).padStart(2, "0");
    const told = (seconds) => {
      const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
      const head = hours ? `${hours}:${two(minutes)}` : minutes;
      return `${head}:${two(seconds % 60)}`;
    };
    const tick = () => {
      if (left() > 0) {
        wait.textContent = wait.dataset.counts.replace("{left}", told(left()));
        return;
      }
      clearInterval(ticking);
      wait.hidden = true;
      for (const way of document.querySelectorAll("[data-opens]")) {
        way.hidden = false;
      }
      const said = document.getElementById("resend-said");
      said.textContent = said.dataset.opened;
    };
    const ticking = setInterval(tick, 1000);
    tick();
    document.addEventListener("news", ({ detail }) => {
      const fresh = detail.querySelector("[data-opens-in]");
      if (fresh) {
        arm(Number(fresh.dataset.opensIn));
      }
    });
  }
}
