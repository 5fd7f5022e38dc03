/** A hash of all scripts that are loaded later, set by the build, so that a browser never mixes two versions. */
declare const __VERSION__: string;
/** The language a lazily loaded script is built for. Always written `texts[__LOCALE__]`: the build makes it `texts.de`. */
declare const __LOCALE__: 'en' | 'de' | 'es' | 'ar';
