/** A hash of the panel's script, set by the build, so that a browser never mixes two versions. */
declare const __PANEL_VERSION__: string;
