// What makes the pages better where there are scripts.  Each page works without.
"use strict";

const byId = (id) => document.getElementById(id);

// Errors: begin reading there.
const errors = byId("errors");
if (errors) errors.focus();

// The countdown until the SMS may be sent again: told once at the end, not every second.
const wait = byId("wait");
if (wait) {
  const end = performance.now() + 1000 * Number(wait.dataset.seconds);
  const tick = () => {
    const left = Math.ceil((end - performance.now()) / 1000);
    wait.textContent = left > 0 ? wait.dataset.text.replace("{seconds}", left) : "";
    if (left > 0) setTimeout(tick, 500);
  };
  tick();
}

// A date in three fields: the next one takes over when one is full.
for (const fieldset of document.querySelectorAll(".host-birth")) {
  const parts = [...fieldset.querySelectorAll("input")];
  parts.slice(0, -1).forEach((part, number) => {
    part.addEventListener("input", () => {
      if (part.value.length === part.maxLength) parts[number + 1].focus();
    });
  });
}

// The password: criteria that turn as one types, a meter, and a box to show it.
const form = byId("password-form");
if (form) {
  const password = byId("password");
  const strength = byId("strength");
  const levels = byId("strength-text").dataset.levels.split(",");
  let latest = 0;

  const assess = async () => {
    const mine = ++latest;
    const body = new URLSearchParams({ password: password.value });
    const headers = { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
    const response = await fetch(form.dataset.assess, { method: "POST", body, headers }).catch(() => null);
    if (!response || !response.ok || mine !== latest) return;
    const report = await response.json();
    for (const { name, met } of report.criteria) {
      const line = document.querySelector(`#criteria [data-name="${name}"]`);
      line.classList.toggle("host-is-met", met);
      line.querySelector(".host-met").textContent = met ? ` ✓ (${form.dataset.met})` : "";
    }
    const level = password.value ? report.strength : 0;
    strength.hidden = !level;
    strength.querySelector("meter").value = level;
    byId("strength-text").textContent = level ? levels[level - 1] : "";
  };
  let timer = null;
  password.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(assess, 200);
  });

  const group = document.createElement("div");
  group.className = "fr-checkbox-group fr-checkbox-group--sm host-show";
  group.innerHTML = '<input type="checkbox" id="show"><label class="fr-label" for="show"></label>';
  group.querySelector("label").textContent = form.dataset.show;
  byId("confirmation").after(group);
  byId("show").addEventListener("change", (event) => {
    for (const field of [password, byId("confirmation")]) field.type = event.target.checked ? "text" : "password";
  });
  form.addEventListener("submit", () => {
    for (const field of [password, byId("confirmation")]) field.type = "password"; // no browser shall keep it as a text
  });
}

// The identifier, to the clipboard.
const copy = byId("copy");
if (copy && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(byId("identifier").textContent);
    byId("copied").textContent = copy.dataset.done;
  });
}
