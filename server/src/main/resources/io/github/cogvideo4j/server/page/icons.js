// Icons as SVG paths on a grid of 20; they inherit colour and are hidden from screen readers.
import { svg, html } from 'lit';

const paths = {
  play: 'M6 4v12l10-6z',
  pause: 'M5 4h3.5v12H5zM11.5 4H15v12h-3.5z',
  up: 'M10 5l6 7H4z',
  down: 'M10 15l6-7H4z',
  close: 'M5.3 4.2L10 8.9l4.7-4.7 1.1 1.1L11.1 10l4.7 4.7-1.1 1.1L10 11.1l-4.7 4.7-1.1-1.1L8.9 10 4.2 5.3z',
  back: 'M14 4v12l-8-6zM4 4h1.8v12H4z',
  forward: 'M6 4v12l8-6zM14.2 4H16v12h-1.8z',
  mark: 'M3 4.5h14v11H3zM8.2 7.2v5.6l4.9-2.8z',
};

export const icon = name => html`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
  ${svg`<path d=${paths[name]} fill-rule="evenodd"/>`}</svg>`;
