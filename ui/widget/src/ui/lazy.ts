/** Fetches the scripts that a page needs only now and then. */
import { IGNORE } from '../capture/target';

/**
 * Each hands itself over by `window.overture(...)` once it runs. `failed` is told when it cannot be had:
 * asking again later is a new attempt.
 */
export type LoadScript = (name: 'panel' | 'guide' | 'watch', failed: () => void) => void;

interface TrustedRules {
  createScriptURL(url: string): string;
}

interface TrustedTypes {
  createPolicy(name: string, rules: TrustedRules): TrustedRules;
}

/** A page lets a policy of one name be made once. */
let trusted: TrustedRules | undefined;

/** `base` is the address of our own script without its ending. */
export function scriptLoader(base: string, language: string, nonce: string): LoadScript {
  // A page that demands Trusted Types lets a script in only by a policy it knows: ours is `overture`.
  const { trustedTypes } = window as unknown as { trustedTypes?: TrustedTypes };
  const rules = { createScriptURL: (url: string) => url };
  try {
    trusted ??= trustedTypes?.createPolicy('overture', rules);
  } catch {
    // It does not know ours: then nothing more can be loaded, and the stand-in has to do.
  }
  let forbidden = false;
  return (name, failed) => {
    // Asked again, the page's policy would only complain again.
    if (forbidden) return failed();
    const script = document.createElement('script');
    // Our own script is never a fact about the page.
    script.setAttribute(IGNORE, '');
    script.onerror = () => {
      script.remove();
      failed();
    };
    try {
      script.nonce = nonce;
      script.src = (trusted ?? rules).createScriptURL(
        `${base}-${name}${name === 'watch' ? '' : `.${language}`}.js?v=${__VERSION__}`,
      );
      document.head.append(script);
    } catch {
      forbidden = true;
      failed();
    }
  };
}
