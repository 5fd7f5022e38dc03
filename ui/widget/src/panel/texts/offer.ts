/** Offers on the page, and waits in words. */
export const en = {
  not_now: 'Not now',
  never: 'Don’t offer again',
  show: 'Show',
  hide: 'Hide',
  offer_withdrawn: 'The offer of help has ended. The Help button stays.',
  why: 'Why am I seeing this?',
  never_done: 'We will not offer help by ourselves again. The Help button stays.',
  no_wait: 'No wait',
  under_a_minute: 'under a minute',
  one_minute: 'about 1 minute',
  minutes: 'about {count} minutes',
  over_an_hour: 'more than an hour',
};

export const de: typeof en = {
  not_now: 'Nicht jetzt',
  never: 'Nicht mehr anbieten',
  show: 'Anzeigen',
  hide: 'Verbergen',
  offer_withdrawn: 'Das Hilfsangebot ist beendet. Die Hilfe-Taste bleibt.',
  why: 'Warum sehe ich das?',
  never_done: 'Wir bieten von uns aus keine Hilfe mehr an. Die Hilfe-Taste bleibt.',
  no_wait: 'Ohne Wartezeit',
  under_a_minute: 'unter einer Minute',
  one_minute: 'etwa 1 Minute',
  minutes: 'etwa {count} Minuten',
  over_an_hour: 'über eine Stunde',
};

export const es: typeof en = {
  not_now: 'Ahora no',
  never: 'No volver a ofrecer',
  show: 'Mostrar',
  hide: 'Ocultar',
  offer_withdrawn: 'La oferta de ayuda ha terminado. El botón de ayuda se queda.',
  why: '¿Por qué veo esto?',
  never_done: 'No volveremos a ofrecerle ayuda por iniciativa propia. El botón de ayuda se queda.',
  no_wait: 'Sin espera',
  under_a_minute: 'menos de un minuto',
  one_minute: 'aproximadamente 1 minuto',
  minutes: 'aproximadamente {count} minutos',
  over_an_hour: 'más de una hora',
};

export const ar: typeof en = {
  not_now: 'ليس الآن',
  never: 'عدم العرض مجددًا',
  show: 'عرض',
  hide: 'إخفاء',
  offer_withdrawn: 'انتهى عرض المساعدة. سيبقى زر المساعدة متاحًا.',
  why: 'لماذا يظهر لي هذا؟',
  never_done: 'لن نعرض عليك المساعدة من تلقاء أنفسنا بعد الآن. سيبقى زر المساعدة متاحًا.',
  no_wait: 'بلا انتظار',
  under_a_minute: 'أقل من دقيقة',
  one_minute: 'نحو دقيقة واحدة',
  minutes: 'عدد الدقائق التقريبي: {count}',
  over_an_hour: 'أكثر من ساعة',
};
