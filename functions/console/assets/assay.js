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
