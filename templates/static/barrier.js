// The work of the bot barrier: finds the number of the ticket and sends the form with it.
"use strict";

const form = document.querySelector("[data-target]");
const said = document.getElementById("barrier-said");
const wait = document.getElementById("barrier-wait");
const press = document.getElementById("barrier-press");
const AT_ONCE = 8;

const find = async ({ target, tries, iterations }) => {
  const bytes = (text) => new TextEncoder().encode(text);
  const ticket = bytes(form.elements.ticket.value);
  const key = await crypto.subtle.importKey("raw", ticket, "PBKDF2", false, ["deriveBits"]);
  const gives = async (number) => {
    const how = { name: "PBKDF2", hash: "SHA-256", salt: bytes(String(number)), iterations };
    const bits = await crypto.subtle.deriveBits(how, key, target.length * 4);
    return Array.from(new Uint8Array(bits), (each) => each.toString(16).padStart(2, "0")).join("");
  };
  for (let first = 0; first < tries; first += AT_ONCE) {
    const given = await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => gives(first + n)));
    if (given.includes(target)) {
      return first + given.indexOf(target);
    }
  }
  throw new Error("no number gives the target");
};

const work = async () => {
  wait.hidden = press.hidden = true;
  said.textContent = said.dataset.works;
  try {
    form.elements.number_found.value = await find(form.dataset);
  } catch {
    // An old browser, or a page without https, cannot do it: the wait is left.
    said.textContent = "";
    wait.hidden = press.hidden = false;
    return;
  }
  if ("again" in form.dataset) {
    // Sent by itself it might be refused again and again.
    said.textContent = said.dataset.press;
    press.hidden = false;
    return;
  }
  said.textContent = said.dataset.found;
  form.submit();
};
work();
