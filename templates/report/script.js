// The script of the page: values under the pointer or the keyboard's cursor, zoom, comparison, age. build/script.rs
// shortens it. Times are seconds of Unix time, places in a range go from 0 to 1, x and y are those of the drawing.
{
const TEXT = "innerText", KEYBOARD = ":focus-visible", DRAWING = ".c>svg",
  page = document, body = page.body,
  facts = item => item.dataset,
  shared = facts(body),
  all = (name, item = page) => [...item.querySelectorAll(name)],
  one = (name, item) => all(name, item)[0],
  {abs: abs, min: min, max: max, round: round} = Math,
  // Left, top, width and height of the plot, and the width of the whole drawing.
  [left, top, width, height, wide] = JSON.parse(shared.plot),
  within = (value, most) => max(0, min(value, most)),
  id = item => item.id.slice(1),
  chosen = () => one("#x" + one(".rs>:checked").value),
  // Begin and length of a range.
  span = other => JSON.parse(facts(other).span),
  use = other => [from, seconds] = span(range = other),
  clear = name => all(name).map(item => item.remove()),
  path = (item, name, line) => {
    item.insertAdjacentHTML("beforeend", `<path class="${name}" d="${line}"/>`);
    return item.lastChild;
  },
  // Another content for an element; none: its own again.
  swap = (item, text) => {
    item.was ??= item.innerHTML;
    item.innerHTML = text || item.was;
  },
  written = (value, form) => {
    let at = 0;
    for (; form > "a" && value >= 1023.5; at++) value /= 1024;
    return (+value.toFixed(value < 9.995 ? 2 : value < 99.95) + "").replace(".", shared.dot) + (form > "a" ? " " + (at ? " KMGTP"[at] + "i" : "") + shared.byte + (form > "b" ? "/s" : "") : form);
  },
  offset = time => JSON.parse(shared.zone).find(part => part[0] <= time)[1],
  low = chart => +facts(chart).low || 0,
  // Places and values of a line.
  points = line => line.at ??= line.getAttribute("d").match(/[^M]+/g).flatMap(part => {
    const chart = line.closest(".c");
    let x = 0, y = 0;
    return part.match(/-?[\d.]+/g).flatMap((text, at, part) => at % 2 ? [[((x += +part[at - 1]) - left) / width, (top + height - (y += +text)) / height * facts(chart).top + low(chart)]] : []);
  }),
  lineOf = (chart, name) => one(`.pl [class=${name}]`, chart),
  hide = () => {
    cursor = null;
    tip.hidden = 1;
    clear(".y");
  },
  leave = () => hide(drag = 0),
  // Round times below the charts, seven at most, or the first days of months.
  ticks = (begin, length) => {
    const found = [1, 5, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 5760, 10080, 20160].find(step => length <= step * 420), step = found * 60 || 86400, zone = offset(begin);
    // In local time, which may change.
    let text = "", time = begin + zone, place = 0;
    for (time -= time % step; place < 1; time += step) {
      const day = new Date(time * 1e3);
      place = (time - offset(time - zone) - begin) / length;
      if (abs(place - .5) < .48 && (found || day.getUTCDate() < 2)) text += `<text x=${left + place * width} y=${top + height + 24} class=c>${
        time % 86400 ? day.toJSON().slice(11, 16) : day.getUTCDate() + " " + shared.months.split(" ")[day.getUTCMonth()]}</text>`;
    }
    return text;
  },
  // Shows a part of the range, or all of it, and the comparison.
  view = (part = []) => {
    const back = +cmp.value;
    [first, last] = part.map(text => +text);
    size = last - first;
    const isPart = first >= 0 && size > 1e-4 && size < 1 && last <= 1;
    isPart || (first = 0, last = size = 1);
    whole.hidden = !isPart;
    all(".pl", range).map(item => item.setAttribute("viewBox", [left + first * width, top, size * width, height]));
    swap(one("#t" + id(range)), isPart && ticks(absolute(first), size * seconds));
    // The tables are of the whole range, and say so.
    all("thead span", range).map(item => {
      item.className = isPart ? "" : "u";
      swap(item, isPart && whole[TEXT]);
    });
    clear(".v");
    back && all(".c", range).map(chart => {
      let begin, length;
      const other = all(".c").find(other => ([begin, length] = span(other.closest(".r")), facts(other).k == facts(chart).k && begin <= from - back && begin + length >= from + seconds - back)),
        line = other && lineOf(other, "s0");
      if (line) {
        const places = points(line).map(point => [(begin + point[0] * length - from + back) / seconds, point[1]]),
          drawn = path(one(".pl", chart), "v s0", "M" + places.map(point => [left + point[0] * width, top + height - (point[1] - low(chart)) / facts(chart).top * height]).join("L"));
        drawn.at = places;
        // A point stands for the time up to the next.
        drawn.near = min(...places.slice(1).map((point, at) => point[0] - places[at][0]));
      }
    });
    location.replace("#" + [id(range), back, ...isPart ? [first, last] : []]);
  },
  boxOf = drawing => drawing?.getBoundingClientRect(),
  // The chart under the pointer, and the place in the range.
  spot = event => {
    const drawing = event.target.closest?.(DRAWING), box = boxOf(drawing);
    return drawing && [drawing.parentNode, first + size * within(((event.x - box.x) / box.width * wide - left) / width, 1)];
  },
  // Shows the values at a place of the range next to a point of the window.
  show = (chart, place, x, y) => {
    let time, text = "";
    const at = left + place * width,
      add = (line, name) => {
        const found = line && points(line).reduce((found, point) => abs(point[0] - place) < abs(found[0] - place) ? point : found, [9]);
        if (!line || abs(found[0] - place) > max(.025, line.near || 0)) return;
        time ??= absolute(found[0]);
        text += `<p>${name}<b>${written(found[1], facts(chart).f)}</b></p>`;
      };
    clear(".y");
    all(".pl", range).map(item => path(item, "y", `M${drag ? left + drag[1] * width : at} ${top}v${height}H${at}V${top}z`));
    cursor = place;
    all("th i", chart).map(item => add(lineOf(chart, item.className), item.parentNode.innerHTML));
    add(one(".v", chart), '<i class="v s0"></i>' + cmp.selectedOptions[0].text);
    time ??= absolute(place);
    // What happened, and the top process of the minute.
    all(".e li,div>i").map(item => (item.offsetParent || range.contains(item)) && abs(facts(item).t - time) < max(45, seconds * size / 90) && (text += `<p class=q>${item.innerHTML}</p>`));
    const day = new Date((offset(time) + time + 30) * 1e3);
    tip.innerHTML = `<b>${shared.week.split(" ")[day.getUTCDay()]} ${day.toJSON().slice(0, 16).replace("T", " ")}</b>` + text;
    tip.hidden = 0;
    tip.style = `left:${within(x + 16, innerWidth - tip.offsetWidth - 8)}px;top:${within(y + 16, innerHeight - tip.offsetHeight - 8)}px`;
  },
  // Zooms in, into the finest range that holds both places.
  select = places => {
    const [begin, end] = places.sort((x, y) => x - y).map(absolute);
    leave();
    view();
    all(".r").find(other => (use(other), from <= begin && from + seconds >= end));
    one("#r" + id(range)).checked = 1;
    view([(begin - from) / seconds, (end - from) / seconds]);
  },
  absolute = place => from + place * seconds,
  tick = () => {
    const old = (Date.now() - shared.taken) / 1e3, open = performance.now(),
      age = old < 120 ? round(abs(old)) + " s" : old < 7e3 ? round(old / 60) + " min" : old < 17e4 ? round(old / 36e2) + " h" : round(old / 864e2) + shared.day;
    if (+shared.taken) {
      ago[TEXT] = old < -60 ? shared.skew : shared.age.replace("{}", age);
      if (old > shared.stale && stale.age != age) {
        swap(stale);
        swap(stale, stale.was.replace("{}", stale.age = age));
        stale.hidden = 0;
        body.className = "old";
        one("h1")[TEXT] = shared.unknown;
        rest[TEXT] = shared.was;
        page.title = shared.old;
      }
    }
    if (open > 6e4 && !page.hidden && (open > 15e4 || tip.hidden && !drag && getSelection() == "" && !one(KEYBOARD))) {
      history.replaceState(all("[id]").map(item => [item.id, item.checked, item.open, item.scrollTop, item.matches(KEYBOARD)]), "");
      location.reload();
    }
  };
let first = 0, last = 1, size = 1, drag, range, from, seconds, cursor;
all(DRAWING).map((item, at) => {
  item.id = "c" + at;
  item.tabIndex = 0;
});
history.state?.map(([name, first, open, last, drag]) => all("#" + name).map(item => {
  item.checked = first;
  item.open = open;
  item.scrollTop = last;
  drag && item.focus();
}));
if (one(".pl")) {
  const [, name, back, ...part] = location.hash.split(/[#,]/), item = page.getElementById("r" + name);
  one(".js").hidden = 0;
  if (item) {
    item.checked = 1;
    cmp.value = back;
    cmp.value ||= 0;
  }
  use(chosen());
  item && view(part);
  onpointermove = event => {
    const found = spot(event);
    found ? show(...found, event.x, event.y) : hide();
  };
  onscroll = hide;
  onpointerdown = event => drag = !event.button && spot(event);
  onpointercancel = leave;
  onpointerup = event => {
    const begin = drag, end = spot(event);
    leave();
    begin && end && (abs(begin[1] - end[1]) < 1 / 60 ? onpointermove(event) : select([begin[1], end[1]]));
  };
  onkeydown = event => {
    const name = event.key, drawing = event.target.closest(DRAWING), chart = drawing?.parentNode;
    name == "Escape" ? view(leave()) : name == "Tab" && leave();
    if (!chart || event.altKey || event.ctrlKey || event.metaKey) return;
    const places = points(one(".pl [class^=s]", chart)).map(point => point[0]).filter(place => place >= first && place <= last),
      place = cursor ?? last + 1e-3,
      found = {ArrowLeft: places.findLast(other => other < place - 1e-4), ArrowRight: places.find(other => other > place + 1e-4), Home: places[0], End: places.at(-1)}[name];
    if (found >= 0) {
      const box = boxOf(drawing);
      event.preventDefault();
      drag = event.shiftKey && (drag || [chart, cursor ?? found]);
      show(chart, found, box.x + ((found - first) / size * width + left) / wide * box.width, box.y);
    }
    if (name == "Enter") {
      const step = max(size / 8, 60 / seconds), begin = within(place - step, 1 - step * 2);
      select(drag ? [drag[1], place] : [begin, min(1, begin + step * 2)]);
      all(DRAWING, range).find(item => facts(item.parentNode).k == facts(chart).k)?.focus();
    }
  };
  whole.onclick = () => view();
  // A tile leads to a chart, whose range is chosen first.
  all(".k a").map(item => item.onclick = () => all(".r " + item.hash).map(chart => one("#r" + id(chart.closest(".r"))).click()));
  one(".rs").onchange = () => {
    const part = range == chosen() ? [first, last] : [];
    view();
    use(chosen());
    view(part);
  };
}
tick();
setInterval(tick, 1e3);
}
