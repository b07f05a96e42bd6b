import { svg } from './dom.js'

const paths = {
  totp:
    'M9.4 2.8h5.2A2.4 2.4 0 0 1 17 5.2v13.6a2.4 2.4 0 0 1-2.4 2.4H9.4A2.4 2.4 0 0 1 7 18.8V5.2a2.4 2.4 0 0 1 2.4-2.4Z' +
    'M10.8 18.2h2.4M10 8.6h.01M12 8.6h.01M14 8.6h.01M10 12h4',
  key:
    'M12.6 15.8a4.4 4.4 0 1 1-8.8 0a4.4 4.4 0 1 1 8.8 0Z' +
    'M11.4 12.6l8.4-8.4M16.4 7.6l3 3M13.6 10.4l2 2',
  passkey:
    'M13.3 7.8a3.8 3.8 0 1 1-7.6 0a3.8 3.8 0 1 1 7.6 0ZM3 20.2c0-3.8 2.8-6.2 6.5-6.2 1 0 2 .2 2.8.5' +
    'M20 13a2.6 2.6 0 1 1-5.2 0a2.6 2.6 0 1 1 5.2 0ZM17.4 15.6v5.6M17.4 18.6h2',
  browser:
    'M4.6 4.4h14.8a1.8 1.8 0 0 1 1.8 1.8v11.6a1.8 1.8 0 0 1-1.8 1.8H4.6a1.8 1.8 0 0 1-1.8-1.8V6.2a1.8 1.8 0 0 1 1.8-1.8Z' +
    'M2.8 9h18.4M6 6.7h.01M8.4 6.7h.01',
  close: 'm6.5 6.5 11 11m0-11-11 11',
}

export type IconName = keyof typeof paths

/** A drawing in the colour of the text around it. */
export function icon(name: IconName): SVGSVGElement {
  return svg('0 0 24 24', [{ d: paths[name] }])
}
