'use strict';
addEventListener('DOMContentLoaded', () => {
  const root = document.documentElement;
  const find = (selector) => document.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];

  // What was chosen is remembered where the browser allows it; pages from a disk may have no storage.
  const remembered = (name) => {
    try { return localStorage.getItem('cogvideo-watch-' + name); } catch { return null; }
  };
  const remember = (name, value) => {
    try { localStorage.setItem('cogvideo-watch-' + name, value); } catch { /* then it is not */ }
  };

  const choices = (name, first, apply) => {
    const buttons = all('button[data-' + name + ']');
    const choose = (value) => {
      apply(value);
      for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset[name] === value));
    };
    for (const button of buttons) {
      button.addEventListener('click', () => {
        choose(button.dataset[name]);
        remember(name, button.dataset[name]);
      });
    }
    const before = remembered(name);
    choose(buttons.some((button) => button.dataset[name] === before) ? before : first);
  };
  choices('language', navigator.language.startsWith('zh') ? 'zh' : 'en', (value) => { root.lang = value; });
  choices('theme', matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light',
    (value) => { root.dataset.theme = value; });
  for (const element of all('.switches, .player')) element.hidden = false;

  // The cells of a heat map say on request where they are.
  for (const table of all('.heat-map')) {
    const columns = all('thead th', table);
    table.addEventListener('mouseover', (event) => {
      const cell = event.target.closest('td');
      if (cell && !cell.title) {
        const column = columns[cell.cellIndex];
        cell.title = cell.parentElement.cells[0].innerText + ' · ' + (column.title || column.innerText) + ': ' +
          cell.textContent;
      }
    });
  }

  const grid = find('#grid');
  if (!grid) return;
  const shots = all('.shot', grid);
  const videoOf = (shot) => shot.firstElementChild;

  // Only videos in sight are loaded: a browser has few decoders.
  const shown = new Set();
  const ready = () => [...shown].filter((video) => video.readyState >= 1 && Number.isFinite(video.duration));
  const watcher = new IntersectionObserver((entries) => {
    for (const { target: shot, isIntersecting } of entries) {
      const video = videoOf(shot);
      if (isIntersecting && !shown.has(video)) {
        shown.add(video);
        video.muted = true;
        video.preload = 'auto';
        video.src = shot.href;
      } else if (!isIntersecting && shown.delete(video)) {
        video.pause();
        video.removeAttribute('src');
        video.load();
      }
    }
  }, { rootMargin: '150px' });
  shots.forEach((shot) => watcher.observe(shot));

  // One clock for all: a video that is not where the clock is goes there.
  const play = find('#play');
  const seek = find('#seek');
  const clock = find('#clock');
  const rate = find('#rate');
  const PLAYING = 0.1;
  const STOPPED = 0.01;
  let at = 0;
  let playing = false;
  let before = 0;
  const length = () => Math.max(0, ...ready().map((video) => video.duration));
  const follow = (video, tolerance) => {
    const end = video.duration - 0.001;
    const place = Math.min(at, end);
    if (!video.seeking && Math.abs(video.currentTime - place) > tolerance) video.currentTime = place;
    video.playbackRate = Number(rate.value);
    if (playing && at < end && video.paused) video.play().catch(() => { /* it was stopped meanwhile */ });
    if (!playing && !video.paused) video.pause();
  };
  const show = () => {
    const whole = length();
    seek.value = whole > 0 ? String(Math.round(1000 * at / whole)) : '0';
    clock.value = at.toFixed(1) + ' / ' + whole.toFixed(1) + ' s';
    seek.setAttribute('aria-valuetext', clock.value);
  };
  const tick = (now) => {
    if (!playing) return;
    const whole = length();
    at += (now - before) / 1000 * Number(rate.value);
    before = now;
    const again = whole > 0 && at >= whole;
    if (again) at = 0;
    for (const video of ready()) follow(video, again ? STOPPED : PLAYING * Math.max(1, Number(rate.value)));
    show();
    requestAnimationFrame(tick);
  };
  const toggle = () => {
    playing = !playing;
    play.classList.toggle('playing', playing);
    before = performance.now();
    for (const video of ready()) follow(video, STOPPED);
    requestAnimationFrame(tick);
  };
  play.addEventListener('click', toggle);
  seek.addEventListener('input', () => {
    at = seek.value / 1000 * length();
    for (const video of ready()) follow(video, STOPPED);
    show();
  });
  grid.addEventListener('loadedmetadata', (event) => {
    // Those that are not loaded take as much room, so that nothing moves when they are.
    root.style.setProperty('--ratio', event.target.videoWidth + ' / ' + event.target.videoHeight);
    follow(event.target, STOPPED);
    show();
  }, true);
  const zoom = find('#zoom');
  zoom.addEventListener('input', () => root.style.setProperty('--shot', zoom.value + 'px'));
  zoom.value = parseInt(getComputedStyle(root).getPropertyValue('--shot'), 10);

  // One tab stop for all videos; arrows go from one to the next.
  const rows = all('tbody tr', grid).map((row) => all('td', row).map((cell) => cell.querySelector('.shot')));
  const placeOf = (shot) => {
    const row = rows.findIndex((candidates) => candidates.includes(shot));
    return row < 0 ? null : { row, column: rows[row].indexOf(shot) };
  };
  const neighbour = (shot, down, right) => {
    const place = placeOf(shot);
    for (let step = 1; place; step++) {
      const row = rows[place.row + down * step];
      if (!row || place.column + right * step < 0 || place.column + right * step >= row.length && right > 0) return null;
      const found = row[place.column + right * step];
      if (found) return found;
    }
    return null;
  };
  let stop = shots[0];
  for (const shot of shots) shot.tabIndex = shot === stop ? 0 : -1;
  const enter = (shot) => {
    stop.tabIndex = -1;
    stop = shot;
    stop.tabIndex = 0;
  };
  grid.addEventListener('focusin', (event) => {
    if (event.target.classList.contains('shot')) enter(event.target);
  });
  const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  grid.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === ' ') {
      event.preventDefault();
      toggle();
    } else if (ARROWS[event.key] && event.target.classList.contains('shot')) {
      event.preventDefault();
      const next = neighbour(event.target, ...ARROWS[event.key]);
      if (next) {
        next.focus({ preventScroll: true });
        next.closest('td').scrollIntoView({ block: 'nearest', inline: 'nearest' });
      }
    }
  });

  // A video by itself, as large as there is room.
  const enlarged = find('#enlarged');
  const large = enlarged.querySelector('video');
  const GO = { newer: [-1, 0], older: [1, 0], 'previous-prompt': [0, -1], 'next-prompt': [0, 1] };
  let chosen = stop;
  const enlarge = (shot) => {
    chosen = shot;
    find('#enlarged-name').textContent = shot.getAttribute('aria-label');
    large.muted = true;
    large.src = shot.href;
    large.play().catch(() => { /* the reader can start it */ });
    for (const button of all('[data-go]', enlarged)) {
      button.disabled = button.dataset.go !== 'close' && !neighbour(shot, ...GO[button.dataset.go]);
    }
    if (!enlarged.open) enlarged.showModal();
  };
  grid.addEventListener('click', (event) => {
    const shot = event.target.closest('.shot');
    if (shot && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      enlarge(shot);
    }
  });
  enlarged.addEventListener('click', (event) => {
    const go = event.target.closest('[data-go]');
    if (!go && event.target !== enlarged) return;
    if (!go || go.dataset.go === 'close') enlarged.close();
    else enlarge(neighbour(chosen, ...GO[go.dataset.go]));
  });
  enlarged.addEventListener('close', () => {
    large.removeAttribute('src');
    large.load();
    chosen.focus();
  });
});
