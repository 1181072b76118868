/* Computes on the sample paths of the page's data file, by the rules of the engine.
 * Plain script, no syntax after 2019: pages open from disk in the browsers that offices have. */
(function (root) {
  "use strict";
  var TOLERANCE = 1e-6;

  /* --- numbers, as the engine has them ------------------------------------------------------ */

  function printed(value, precision) {
    return Math.floor(value / precision + 0.5 + TOLERANCE) * precision;
  }

  function above(value, cap, precision) {
    return printed(value, precision) > cap + TOLERANCE * precision;
  }

  /* Paths as rows of floating point numbers. */
  function unpack(data) {
    var horizon = data.ahead.length;
    var rows = [];
    for (var i = 0; i < data.n_paths; i++) {
      var row = new Float64Array(horizon);
      for (var h = 0; h < horizon; h++) {
        row[h] = data.paths[i * horizon + h] / data.scale * data.precision;
      }
      rows.push(row);
    }
    return rows;
  }

  /* The number of a cap in a month: it may have been changed within its period. */
  function applied(cap, month, value) {
    return Object.prototype.hasOwnProperty.call(cap.earlier, month) ? cap.earlier[month] : value;
  }

  /* Probabilities of breaking a cap at a value: published months count for `any`. */
  function chances(data, rows, cap, value) {
    var inside = data.ahead.map(function (m) { return m >= cap.first && m <= cap.last; });
    var end = data.ahead.indexOf(cap.last);
    var broken = cap.published.some(function (v, i) {
      return above(v, applied(cap, cap.months[i], value), data.precision);
    });
    var any = 0;
    var atEnd = 0;
    rows.forEach(function (row) {
      var hit = broken;
      for (var h = 0; h < row.length && !hit; h++) {
        hit = inside[h] && above(row[h], value, data.precision);
      }
      any += hit ? 1 : 0;
      atEnd += end >= 0 && above(row[end], value, data.precision) ? 1 : 0;
    });
    var average = null;
    if (cap.basis === "period_average") {
      average = 0;
      var past = cap.published.reduce(function (s, v) { return s + printed(v, data.precision); }, 0);
      rows.forEach(function (row) {
        var sum = past;
        var n = cap.published.length;
        for (var h = 0; h < row.length; h++) {
          if (inside[h]) { sum += printed(row[h], data.precision); n += 1; }
        }
        average += above(sum / n, value, data.precision) ? 1 : 0;
      });
      average /= rows.length;
    }
    return {
      any: any / rows.length,
      end: end >= 0 ? atEnd / rows.length : null,
      average: average,
      broken: broken
    };
  }

  function between(span, at) { return span[0] + (span[1] - span[0]) * at; }

  /* `forecast scenario` with its default assumptions: layoffs in one month, change of new jobs. */
  function scenario(data, rows, start, people, change) {
    var given = data.scenario;
    var horizon = data.ahead.length;
    var latest = data.values[data.values.length - 1];
    return rows.map(function (row, i) {
      var u = given.draws.slice(4 * i, 4 * i + 4).map(function (v) { return v / given.places; });
      var absorb = between(given.absorb, u[1]);
      var factor = Math.max(1 + between(given.pass_through, u[2]) * change, 0);
      var came = between(given.registration, u[0]) * people;
      var out = new Float64Array(horizon);
      var rest = 1;
      var extra = 0;
      for (var h = 0; h < horizon; h++) {
        if (h > start) { rest = Math.max(rest - factor / absorb, 0); }
        var outstanding = h >= start ? came * rest : 0;
        var stock = (h === 0 ? latest : row[h - 1]) * given.persons_per_unit;
        var hired = between(given.reemployment[h], u[3]);
        var left = between(given.exits[h], u[3]);
        var stay = Math.max(1 - hired * factor - left, 0);
        extra = extra * stay + hired * (1 - factor) * stock;
        var value = row[h] + (outstanding + extra) / given.persons_per_unit;
        value = Math.max(value, 0);
        out[h] = given.ceiling === null ? value : Math.min(value, given.ceiling);
      }
      return out;
    });
  }

  /* Quantiles of each month by linear interpolation between order statistics. */
  function quantiles(rows, shares) {
    var horizon = rows[0].length;
    var out = [];
    for (var h = 0; h < horizon; h++) {
      var column = rows.map(function (r) { return r[h]; }).sort(function (a, b) { return a - b; });
      out.push(shares.map(function (share) {
        var place = share * (column.length - 1);
        var below = Math.floor(place);
        var next = column[Math.min(below + 1, column.length - 1)];
        return column[below] + (place - below) * (next - column[below]);
      }));
    }
    return out;
  }

  /* Level that a figure of a month calls for, by the published warning lines. */
  function level(data, month, value) {
    var figure = printed(value, data.precision);
    var highest = -1;
    data.lines.forEach(function (line) {
      if (line.month !== month) { return; }
      var reached = line.state === "already" ||
        (line.value !== null && figure >= line.value - TOLERANCE * data.precision);
      if (!reached) { return; }
      data.scheme.forEach(function (each, rank) {
        if (each.code === line.level) { highest = Math.max(highest, rank); }
      });
    });
    return highest < 0 ? { code: "none", name: "无预警" } : data.scheme[highest];
  }

  /* Probability of breaking a cap given the coming month's figure; null beyond the paths' reach. */
  function given(curve, value) {
    if (!curve) { return null; }
    var x = curve.values;
    if (value < x[0] || value > x[x.length - 1]) { return null; }
    for (var i = 1; i < x.length; i++) {
      if (value <= x[i]) {
        var share = x[i] > x[i - 1] ? (value - x[i - 1]) / (x[i] - x[i - 1]) : 1;
        return curve.p[i - 1] + share * (curve.p[i] - curve.p[i - 1]);
      }
    }
    return curve.p[curve.p.length - 1];
  }

  var engine = { printed: printed, unpack: unpack, chances: chances, scenario: scenario,
    quantiles: quantiles, level: level, given: given };
  root.forecastEngine = engine;
  if (!root.document || !root.document.getElementById("hands-on")) { return; }

  /* --- the page ----------------------------------------------------------------------------- */

  var data = root.forecastData;
  var $ = function (id) { return document.getElementById(id); };
  if (!data) { return; }
  document.documentElement.className += " scripted";
  /* One number held against on several bases has one control. */
  var own = data.caps.map(function (_, c) { return c; })
    .filter(function (c) { return data.caps[c].like === c; });
  var base = unpack(data);
  var rows = base;
  var SHARES = [0.025, 0.1, 0.5, 0.9, 0.975];

  function figure(value) {
    var text = printed(value, data.precision).toFixed(data.decimals);
    var parts = text.split(".");
    parts[0] = parts[0].replace(/\B(?=(\d{3})+(?!\d))/g, ",");
    return parts.join(".");
  }

  function chance(p) {
    if (p === null) { return "—"; }
    if (p <= 0) { return "<0.1%"; }
    return p >= 1 ? ">99.9%" : (100 * p).toFixed(1) + "%";
  }

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  /* Chart: published values, fan, caps; months are read out as the cursor or the arrow keys move. */
  var chart = null;
  var at = data.values.length - 1;
  var months = data.months.concat(data.ahead);

  function series() {
    var q = rows === base ? data.quantiles.map(function (r) {
      return SHARES.map(function (s) { return r[data.levels.indexOf("q" + String(s).slice(2).padEnd(2, "0"))]; });
    }) : quantiles(rows, SHARES);
    var past = data.values.slice();
    var blank = data.values.map(function () { return null; });
    var columns = [months.map(function (_, i) { return i; })];
    columns.push(past.concat(data.ahead.map(function () { return null; })));
    for (var k = 0; k < SHARES.length; k++) {
      var joined = blank.slice();
      joined[joined.length - 1] = past[past.length - 1];
      columns.push(joined.concat(q.map(function (r) { return r[k]; })));
    }
    own.forEach(function (c) {
      var cap = data.caps[c];
      columns.push(months.map(function (m) {
        return m >= cap.first && m <= cap.last ? applied(cap, m, value(c)) : null;
      }));
    });
    data.scheme.forEach(function (each) {
      columns.push(months.map(function (m) { return lineOf(each.code, m); }));
    });
    return columns;
  }

  /* Warning line of a level in a month: of the cap whose lines lie lowest. */
  function lineOf(code, month) {
    var lowest = null;
    data.lines.forEach(function (line) {
      if (line.level === code && line.month === month && line.value !== null &&
          (lowest === null || line.value < lowest)) { lowest = line.value; }
    });
    return lowest;
  }

  function value(c) {
    var input = $("cap-" + data.caps[c].like);
    return input && input.value !== "" ? Number(input.value) : data.caps[c].value;
  }

  function draw() {
    var box = $("chart");
    if (!box || !root.uPlot) { return; }
    var ink = colour("--ink");
    var grid = colour("--grid");
    var caps = ["--cap-a", "--cap-b", "--cap-c", "--cap-d"];
    var options = {
      width: box.clientWidth,
      height: Math.max(260, Math.min(420, Math.round(box.clientWidth * 0.5))),
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { size: 7 } },
      scales: { x: { time: false } },
      axes: [
        { stroke: ink, grid: { stroke: grid }, ticks: { stroke: grid },
          splits: function () {
            return months.map(function (m, i) { return m.slice(5) === "01" ? i : -1; })
              .filter(function (i) { return i >= 0; });
          },
          values: function (_, s) {
            var every = box.clientWidth < 480 ? 2 : 1;
            return s.map(function (i, k) { return k % every ? "" : months[i].slice(0, 4) + "年"; });
          } },
        { stroke: ink, grid: { stroke: grid }, ticks: { stroke: grid }, size: 74,
          values: function (_, s) { return s.map(figure); } }
      ],
      series: [{},
        { stroke: ink, width: 2, points: { show: false } },
        { stroke: "transparent", points: { show: false } },
        { stroke: "transparent", points: { show: false } },
        { stroke: colour("--median"), width: 2, dash: [7, 4], points: { show: false } },
        { stroke: "transparent", points: { show: false } },
        { stroke: "transparent", points: { show: false } }
      ].concat(own.map(function (_, c) {
        return { stroke: colour(caps[c % caps.length]), width: 2, points: { show: false },
          paths: root.uPlot.paths.stepped({ align: 1 }) };
      }), data.scheme.map(function (each) {
        var tint = colour("--line-" + each.code) || ink;
        return { stroke: tint, width: 1, dash: [2, 3], points: { show: true, size: 6, fill: tint } };
      })),
      bands: [
        { series: [6, 2], fill: colour("--outer") },
        { series: [5, 3], fill: colour("--inner") }
      ],
      hooks: {
        setCursor: [function (u) {
          if (u.cursor.idx !== null && u.cursor.idx !== undefined) { at = u.cursor.idx; tell(); }
        }]
      }
    };
    if (chart) { chart.destroy(); }
    chart = new root.uPlot(options, series(), box);
    tell();
  }

  function tell() {
    var n = data.values.length;
    var text;
    if (at < n) {
      text = months[at] + "：" + figure(data.values[at]) + data.unit + "（已公布）";
    } else {
      var c = series();
      text = months[at] + "：中位数 " + figure(c[4][at]) + data.unit + "，80% 区间 " +
        figure(c[3][at]) + "—" + figure(c[5][at]) + "，95% 区间 " + figure(c[2][at]) + "—" + figure(c[6][at]);
    }
    $("reading").textContent = text;
  }

  /* Everything that depends on what was entered. */
  function renew() {
    data.caps.forEach(function (cap, c) {
      var v = value(c);
      var found = chances(data, rows, cap, v);
      $("cap-value-" + cap.like).textContent = figure(v) + data.unit;
      $("p-any-" + c).textContent = cap.basis === "period_average" || cap.basis === "period_end"
        ? "不适用" : chance(found.any);
      $("p-end-" + c).textContent = cap.basis === "period_average" ? chance(found.average)
        : chance(found.end);
      $("broken-" + c).hidden = !found.broken;
    });
    coming();
    if (chart) { chart.setData(series()); tell(); }
  }

  function coming() {
    var input = $("coming");
    if (!input) { return; }
    var out = $("coming-result");
    if (input.value === "") { out.textContent = ""; return; }
    var v = Number(input.value);
    if (!isFinite(v) || v < 0) { out.textContent = "请填一个非负的数。"; return; }
    var month = data.ahead[0];
    var spread = base.map(function (r) { return r[0]; }).sort(function (a, b) { return a - b; });
    var low = spread[0];
    var high = spread[spread.length - 1];
    var room = high - low;
    if (v < low - room || v > high + room) {
      out.textContent = "这个数远在预测范围之外（" + figure(low) + "—" + figure(high) + data.unit +
        "），请核对月份、单位和位数。";
      return;
    }
    var parts = [];
    if (data.lines.length) { parts.push("按已发布的预警线：" + level(data, month, v).name); }
    data.caps.forEach(function (cap) {
      var p = given(cap.curve, v);
      var before = cap.basis === "period_end" ? cap.p_end : cap.p_any;
      if (p !== null && before !== null) {
        parts.push(cap.title + "：突破概率由 " + chance(before) + " 变为 " + chance(p));
      }
    });
    out.textContent = parts.join("；") + "。";
  }

  function suppose() {
    var people = $("people") ? Number($("people").value) : 0;
    var change = $("jobs") ? Number($("jobs").value) / 100 : 0;
    if ($("people")) {
      $("people-value").textContent = people.toLocaleString("en-US") + "人";
      $("jobs-value").textContent = (change > 0 ? "+" : "") + Math.round(100 * change) + "%";
    }
    rows = people === 0 && change === 0 ? base
      : scenario(data, base, Number($("layoff-month").value), people, change);
    var note = $("supposed");
    if (note) { note.hidden = rows === base; }
    renew();
  }

  own.forEach(function (c) {
    var input = $("cap-" + c);
    if (input) { input.addEventListener("input", renew); }
  });
  ["people", "jobs", "layoff-month"].forEach(function (id) {
    if ($(id)) { $(id).addEventListener("input", suppose); }
  });
  if ($("coming")) { $("coming").addEventListener("input", coming); }
  $("reset").addEventListener("click", function () {
    own.forEach(function (c) { $("cap-" + c).value = data.caps[c].value; });
    if ($("people")) { $("people").value = 0; $("jobs").value = 0; }
    if ($("coming")) { $("coming").value = ""; }
    suppose();
  });
  $("chart").addEventListener("keydown", function (event) {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") { return; }
    event.preventDefault();
    at = Math.max(0, Math.min(months.length - 1, at + (event.key === "ArrowLeft" ? -1 : 1)));
    if (chart) {
      chart.setCursor({ left: chart.valToPos(at, "x"), top: 10 });
    }
    tell();
  });
  root.addEventListener("resize", draw);
  if (root.matchMedia) {
    var dark = root.matchMedia("(prefers-color-scheme: dark)");
    if (dark.addListener) { dark.addListener(draw); }
  }
  draw();
  suppose();
})(typeof window === "undefined" ? globalThis : window);
