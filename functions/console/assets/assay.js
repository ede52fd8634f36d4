// Tells the browser's time zone, so that the next page shows times in it. A zone that was chosen by hand is kept in a
// cookie that scripts cannot change.
(function () {
  "use strict";
  var zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) {
    var secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie =
      "assay-zone=" + encodeURIComponent(zone) + "; Path=/; SameSite=Lax; Max-Age=31536000" + secure;
  }
})();

// Where the pages stand in one line that scrolls, the present one is in sight from the beginning.
document.addEventListener("DOMContentLoaded", function () {
  "use strict";
  var line = document.querySelector(".top nav");
  var here = line && line.querySelector("[aria-current]");
  if (here) {
    var place = here.getBoundingClientRect().left - line.getBoundingClientRect().left;
    line.scrollLeft += place - (line.clientWidth - here.offsetWidth) / 2;
  }
});

// Access reviews by keyboard: j and k move between rows, c keeps, r revokes, h changes. Only while a part of the form has
// the focus and nobody is writing, so that the keys mean nothing anywhere else; Tab, the arrows and the space bar work as
// they always do.
(function () {
  "use strict";
  var keys = { c: "keep", r: "revoke", h: "change" };

  function hints() {
    document.querySelectorAll("form[data-review] [data-keys]").forEach(function (hint) {
      hint.hidden = false;
    });
  }

  function radios(row) {
    return row.querySelectorAll('input[type="radio"]');
  }

  function enter(row) {
    var chosen = row.querySelector('input[type="radio"]:checked') || radios(row)[0];
    if (chosen) {
      chosen.focus();
    }
  }

  function beside(row, step) {
    var rows = Array.prototype.slice.call(row.closest("form").querySelectorAll("tr[data-item]"));
    return rows[rows.indexOf(row) + step];
  }

  function go(row, step) {
    var next = beside(row, step);
    if (next) {
      enter(next);
    }
  }

  document.addEventListener("keydown", function (event) {
    var place = event.target;
    var row = place.closest && place.closest("form[data-review] tr[data-item]");
    if (!row || event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    if (place.type === "text") {
      // In a note: Enter goes on with the next row, Escape back to the decision; all else is text.
      if (event.key === "Enter" && beside(row, 1)) {
        event.preventDefault();
        go(row, 1);
      } else if (event.key === "Escape") {
        enter(row);
      }
      return;
    }
    if (event.key === "j" || event.key === "k") {
      event.preventDefault();
      go(row, event.key === "j" ? 1 : -1);
    } else if (keys[event.key]) {
      event.preventDefault();
      var radio = row.querySelector('input[type="radio"][value="' + keys[event.key] + '"]');
      radio.checked = true;
      if (event.key === "c") {
        radio.focus();
        go(row, 1);
      } else {
        row.querySelector('input[type="text"]').focus();
      }
    }
  });
  document.addEventListener("DOMContentLoaded", hints);
  document.addEventListener("htmx:afterSwap", hints);
})();

// Packs a chosen file before it is sent, where the browser can: what takes in requests takes only a few megabytes. Without
// this script, or where packing fails, the file is sent as it is.
(function () {
  "use strict";
  document.addEventListener("submit", function (event) {
    var form = event.target;
    var input = form.querySelector("input[data-pack]");
    var file = input && input.files[0];
    if (!file || /\.gz$/i.test(file.name) || !window.CompressionStream) {
      return;
    }
    event.preventDefault();
    new Response(file.stream().pipeThrough(new CompressionStream("gzip")))
      .blob()
      .then(function (packed) {
        var files = new DataTransfer();
        files.items.add(new File([packed], file.name + ".gz", { type: "application/gzip" }));
        input.files = files.files;
      })
      .catch(function () {})
      .then(function () {
        form.submit();
      });
  });
})();
