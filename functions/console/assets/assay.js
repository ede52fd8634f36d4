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

// What htmx puts into a page. A list that is filtered is told in a few words, work that goes on only when its words change;
// the drawer beside a list gives the page its title, can be closed, and is emptied when the list is another.
(function () {
  "use strict";
  var list = null;

  function say(words) {
    var said = document.getElementById("said");
    if (said && words && said.textContent !== words) {
      said.textContent = words;
    }
  }

  function text(element) {
    return element ? element.textContent.replace(/\s+/g, " ").trim() : "";
  }

  function wordsOf(part) {
    var said = part.matches("[data-said]") ? part : part.querySelector("[data-said]");
    var rows = part.querySelectorAll("tbody tr").length;
    if (said || part.closest("[hx-trigger^='every']")) {
      return text(said);
    }
    if (rows) {
      var more = part.querySelector('[rel="next"]') ? ", and more on the next page" : "";
      return text(part.querySelector("caption")) + ": " + rows + (rows === 1 ? " row" : " rows") + more;
    }
    return text(part.querySelector("h2"));
  }

  function close(drawer) {
    drawer.textContent = "";
    if (!list) {
      return;
    }
    history.pushState({ htmx: true }, "", list.path);
    document.title = list.title;
    var opener = document.querySelector('[hx-target="#drawer"][href="' + CSS.escape(list.opener) + '"]');
    if (opener) {
      opener.focus();
    }
    list = null;
  }

  function closable(drawer) {
    var button = document.createElement("button");
    button.type = "button";
    button.className = "plain close";
    button.textContent = "Close";
    button.addEventListener("click", function () {
      close(drawer);
    });
    drawer.prepend(button);
  }

  document.addEventListener("htmx:beforeRequest", function (event) {
    var opener = event.detail.elt;
    if (event.detail.target.id !== "drawer" || !opener.matches("a[href]")) {
      return;
    }
    list = list || { path: location.pathname + location.search, title: document.title };
    list.opener = opener.getAttribute("href");
  });
  document.addEventListener("htmx:afterSettle", function (event) {
    var part = event.detail.elt;
    var drawer = document.getElementById("drawer");
    if (part === drawer) {
      document.title = text(drawer.querySelector("h1")) + " · Assay";
      closable(drawer);
      return;
    }
    say(wordsOf(part));
    if (drawer && !drawer.contains(part)) {
      drawer.textContent = "";
      document.title = list ? list.title : document.title;
      list = null;
    }
  });
  document.addEventListener("keydown", function (event) {
    var drawer = document.getElementById("drawer");
    var writes = event.target.matches("input, textarea, select");
    if (event.key === "Escape" && !writes && drawer && drawer.contains(event.target)) {
      close(drawer);
    }
  });
})();

// Copies the text of a field. The button is shown only where the browser lets it work; the field can be selected anyhow.
(function () {
  "use strict";
  function show() {
    document.querySelectorAll("button[data-copy]").forEach(function (button) {
      button.hidden = !navigator.clipboard;
    });
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest("button[data-copy]");
    var field = button && document.getElementById(button.getAttribute("data-copy"));
    if (!field) {
      return;
    }
    field.select();
    navigator.clipboard.writeText(field.value).then(
      function () {
        button.nextElementSibling.textContent = "Copied";
      },
      function () {}
    );
  });
  document.addEventListener("DOMContentLoaded", show);
  document.addEventListener("htmx:afterSwap", show);
})();
