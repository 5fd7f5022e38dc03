/** Requests that carry files and cannot go by `session.call`: an expired session is renewed for them as well. */
import type { StoredSession } from '../../storage';
import { apiError, isApiError } from '../../transport';
import type { PanelContext } from '../texts';

/** Makes the request with the session's token, and once more with a new one where that has expired. */
export async function authorized<T>(
  { session }: PanelContext,
  request: (kept: StoredSession) => Promise<T>,
): Promise<T> {
  const kept = session.current();
  if (!kept) throw apiError(0, 'no_session');
  try {
    return await request(kept);
  } catch (problem) {
    if (!isApiError(problem) || problem.status !== 401) throw problem;
    if (session.current()?.token === kept.token) await session.renew();
    const renewed = session.current();
    if (!renewed || renewed.token === kept.token) throw problem;
    return request(renewed);
  }
}
