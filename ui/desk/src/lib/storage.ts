// Small things a browser remembers. A full or forbidden storage is not an error: the thing is just not remembered.

export function remember(key: string, value: string) {
  try {
    if (value === '') localStorage.removeItem(`overture.desk.${key}`);
    else localStorage.setItem(`overture.desk.${key}`, value);
  } catch {
    // nothing to do
  }
}

export function recall(key: string): string {
  try {
    return localStorage.getItem(`overture.desk.${key}`) ?? '';
  } catch {
    return '';
  }
}
