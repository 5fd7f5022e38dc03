/** The arrows of the panel. */
import { drawIcon } from '../ui/icons';

export const backIcon = (): SVGSVGElement => drawIcon('M14.5 5.5 8 12l6.5 6.5', true);
export const nextIcon = (): SVGSVGElement => drawIcon('M9.5 5.5 16 12l-6.5 6.5', true);
