/** Requests that carry files and cannot go by `session.call`: an expired session is renewed for them as well. */
import type { StoredSession } from '../../storage';
import { apiError, isApiError } from '../../transport';
import type { PanelContext } from '../texts';

/** Makes the request with the session's token, and once more with a new one where that has expired. */
export async function authorized<T>(
  { session }: PanelContext,
  request: (kept: StoredSession) => Promise<T>,
): Promise<T> {
  const kept = await session.known();
  if (!kept) throw apiError(0, 'no_session');
  try {
    return await request(kept);
  } catch (problem) {
    if (!isApiError(problem) || problem.status !== 401) throw problem;
    // Something else may have met the same end, and be renewing it already.
    if (session.current()?.token === kept.token) void session.renew();
    const renewed = await session.known();
    if (!renewed || renewed.token === kept.token) throw problem;
    return request(renewed);
  }
}
