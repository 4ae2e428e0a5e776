// Runs before the first paint, so that a chosen colour scheme does not flash.
const chosen = localStorage.getItem('scheme');
if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.scheme = chosen;
