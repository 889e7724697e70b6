"use strict";
// Pictures are sent as soon as they are taken, made smaller where they are too large, and shown from where they are kept.
(() => {
  const MOST = 4.5 * 1024 * 1024, SIDE = 2400;

  const fitting = async (file) => {
    if (file.size <= MOST) return file;
    const image = await createImageBitmap(file);
    const scale = Math.min(1, SIDE / Math.max(image.width, image.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(image.width * scale);
    canvas.height = Math.round(image.height * scale);
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return new Promise((done) => { canvas.toBlob(done, "image/jpeg", 0.85); });
  };

  const show = (shots, id) => {
    const line = document.createElement("li");
    const image = document.createElement("img");
    image.src = `${shots.dataset.shown}/${id}`;
    image.alt = "";
    line.append(image);
    if ("named" in shots.dataset) {
      const name = document.createElement("input");
      name.type = "hidden";
      name.name = `picture.${id}`;
      name.value = "yes";
      line.append(name);
    }
    shots.querySelector(".album").append(line);
  };

  const send = async (shots, file) => {
    const place = shots.closest("form") && shots.closest("form").elements.place;
    const where = place && place.value ? `?place=${encodeURIComponent(place.value)}` : "";
    const answer = await fetch(shots.dataset.shots + where, {
      method: "POST", body: await fitting(file), headers: { "X-Form-Token": shots.dataset.token },
    });
    if (answer.status !== 201) throw new Error(String(answer.status));
    const kept = await answer.json();
    if (!shots.querySelector(`img[src$="/${kept.id}"]`)) show(shots, kept.id);
  };

  // A scanner ends what it reads with Enter: of a part's code that is no end of the inspection.
  for (const field of document.querySelectorAll(".looking input:not([type=file])")) field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (field.type === "text") field.value += " ";
  });

  for (const shots of document.querySelectorAll("[data-shots]")) {
    const failed = shots.querySelector(".bad");
    const buttons = () => (shots.closest("form") || document).querySelectorAll("button.huge");
    shots.querySelector("input[type=file]").addEventListener("change", async (event) => {
      const taker = event.target;
      failed.hidden = true;
      shots.classList.add("sending");
      for (const button of buttons()) button.disabled = true;
      for (const file of taker.files) {
        try { await send(shots, file); } catch { failed.hidden = false; }
      }
      for (const button of buttons()) button.disabled = false;
      shots.classList.remove("sending");
      taker.value = "";
    });
  }
})();
