/** The types of `window.overture` for host pages, in one file. */
export function publicTypes(): string;
