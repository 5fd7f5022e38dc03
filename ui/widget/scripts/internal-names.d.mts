export const INTERNAL_NAMES: string[];
