/** The words of guides. Each key carries its area's name in front: the panel's texts are one flat set. */
export const en = {
  guide_step: 'Step {n} of {count}',
  guide_next: 'Next',
  guide_back: 'Back',
  guide_done: 'Done',
  guide_got_it: 'Got it',
  guide_skip: 'Skip this step',
  guide_close: 'Close',
  guide_never: 'Don’t offer again',
  guide_why: 'Why am I seeing this?',
  guide_do_click: 'Select the marked element to go on.',
  guide_do_input: 'Fill in the marked field to go on.',
  guide_video: 'Video: {title}',
  guide_video_failed: 'The video could not be loaded.',
  guide_captions: 'Captions',
};

type Texts = Record<keyof typeof en, string>;

export const de: Texts = {
  guide_step: 'Schritt {n} von {count}',
  guide_next: 'Weiter',
  guide_back: 'Zurück',
  guide_done: 'Fertig',
  guide_got_it: 'Verstanden',
  guide_skip: 'Schritt überspringen',
  guide_close: 'Schließen',
  guide_never: 'Nicht mehr anbieten',
  guide_why: 'Warum sehe ich das?',
  guide_do_click: 'Wählen Sie das markierte Element, um fortzufahren.',
  guide_do_input: 'Füllen Sie das markierte Feld aus, um fortzufahren.',
  guide_video: 'Video: {title}',
  guide_video_failed: 'Das Video konnte nicht geladen werden.',
  guide_captions: 'Untertitel',
};

export const es: Texts = {
  guide_step: 'Paso {n} de {count}',
  guide_next: 'Siguiente',
  guide_back: 'Atrás',
  guide_done: 'Listo',
  guide_got_it: 'Entendido',
  guide_skip: 'Omitir este paso',
  guide_close: 'Cerrar',
  guide_never: 'No volver a ofrecer',
  guide_why: '¿Por qué veo esto?',
  guide_do_click: 'Seleccione el elemento marcado para continuar.',
  guide_do_input: 'Rellene el campo marcado para continuar.',
  guide_video: 'Vídeo: {title}',
  guide_video_failed: 'No se ha podido cargar el vídeo.',
  guide_captions: 'Subtítulos',
};

export const ar: Texts = {
  guide_step: 'الخطوة {n} من {count}',
  guide_next: 'التالي',
  guide_back: 'السابق',
  guide_done: 'تم',
  guide_got_it: 'فهمت',
  guide_skip: 'تخطي هذه الخطوة',
  guide_close: 'إغلاق',
  guide_never: 'عدم العرض مرة أخرى',
  guide_why: 'لماذا أرى هذا؟',
  guide_do_click: 'يرجى اختيار العنصر المحدد للمتابعة.',
  guide_do_input: 'يرجى ملء الحقل المحدد للمتابعة.',
  guide_video: 'فيديو: {title}',
  guide_video_failed: 'تعذر تحميل الفيديو.',
  guide_captions: 'ترجمة مصاحبة',
};
