// What messages can be about: the issues of the classifier in use, read once. None where there is none.

import { api } from './api';
import type { IssueItem, LabelledIssueItem } from './wire';

/** More issues than this are chosen from a list. */
export const BUTTONS_MAX = 8;

export const known = $state<{ issues: string[] }>({ issues: [] });
let asked = false;

/** Reads them; what failed is asked again by whoever needs it next. */
export function load_issues(): void {
  if (asked) return;
  asked = true;
  api.issues().then(
    (found) => (known.issues = found.issues),
    () => (asked = false),
  );
}

export const NONE = 'none of these';

/** What a message is about: what staff said, else what was read. `undefined` where nobody knows, `null` for no issue. */
export function about_of(issue?: IssueItem, labelled?: LabelledIssueItem): string | null | undefined {
  if (labelled) return labelled.label ?? null;
  return issue && (issue.label ?? null);
}
