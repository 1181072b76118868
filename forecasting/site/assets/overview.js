/* Finds regions among many by name and level. Plain script, no syntax after 2019. */
(function (root) {
  "use strict";
  var document = root.document;
  document.documentElement.className += " scripted";
  var name = document.getElementById("name");
  var level = document.getElementById("level");
  var groups = [].slice.call(document.querySelectorAll("details.group"));

  function renew() {
    var words = name.value.trim();
    var total = 0;
    groups.forEach(function (group) {
      var whole = group.querySelector("strong").textContent.indexOf(words) >= 0;
      var found = 0;
      [].forEach.call(group.querySelectorAll(".tile"), function (tile) {
        var named = whole || tile.querySelector("h3").textContent.indexOf(words) >= 0;
        tile.hidden = !(named && (!level.value || tile.classList.contains("level-" + level.value)));
        found += tile.hidden ? 0 : 1;
      });
      group.hidden = found === 0;
      group.open = found > 0 && Boolean(words || level.value);
      total += found;
    });
    document.getElementById("found").textContent = words || level.value ? "找到 " + total + " 个。" : "";
  }

  name.addEventListener("input", renew);
  level.addEventListener("change", renew);
  // A browser that goes back to the page has kept what was typed.
  renew();
})(window);
