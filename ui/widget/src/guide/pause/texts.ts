/** The words of Smart Pause. */
export const en = {
  pause_title: 'Smart Pause',
  pause_saved: 'Your place is saved. The page is paused.',
  pause_resume: 'Resume',
  pause_held: 'The page is paused. Resume to go on.',
  pause_resumed: 'You are back where you were.',
  pause_resumed_changed: 'The page goes on. Please check what you had entered.',
  pause_resume_failed: 'The page could not put everything back. Please check what you had entered.',
  pause_unpaused: 'This page cannot be paused right now. Here is how it works; the page stays as it is.',
  pause_again: 'Continue where you were?',
  pause_again_text:
    'This page was paused when it was left. What you had entered is still kept in this browser.',
  pause_continue: 'Continue where I was',
  pause_discard: 'Start afresh',
};

type Texts = Record<keyof typeof en, string>;

export const de: Texts = {
  pause_title: 'Pause mit Anleitung',
  pause_saved: 'Ihr Stand ist gesichert. Die Seite pausiert.',
  pause_resume: 'Fortsetzen',
  pause_held: 'Die Seite pausiert. Bitte setzen Sie fort, um weiterzumachen.',
  pause_resumed: 'Sie sind wieder genau da, wo Sie waren.',
  pause_resumed_changed: 'Es geht weiter. Bitte prüfen Sie Ihre Eingaben.',
  pause_resume_failed: 'Die Seite konnte nicht alles wiederherstellen. Bitte prüfen Sie Ihre Eingaben.',
  pause_unpaused: 'Diese Seite lässt sich gerade nicht pausieren. So geht es; die Seite bleibt, wie sie ist.',
  pause_again: 'Weitermachen, wo Sie waren?',
  pause_again_text:
    'Diese Seite pausierte, als sie verlassen wurde. Ihre Eingaben sind in diesem Browser noch aufgehoben.',
  pause_continue: 'Dort weitermachen',
  pause_discard: 'Neu beginnen',
};

export const es: Texts = {
  pause_title: 'Pausa con guía',
  pause_saved: 'Su lugar está guardado. La página está en pausa.',
  pause_resume: 'Reanudar',
  pause_held: 'La página está en pausa. Reanude para continuar.',
  pause_resumed: 'Está de nuevo donde estaba.',
  pause_resumed_changed: 'La página continúa. Compruebe lo que había introducido.',
  pause_resume_failed: 'La página no ha podido restaurarlo todo. Compruebe lo que había introducido.',
  pause_unpaused: 'Esta página no se puede pausar ahora. Así funciona; la página se queda como está.',
  pause_again: '¿Continuar donde estaba?',
  pause_again_text:
    'Esta página estaba en pausa cuando se cerró. Lo que había introducido sigue guardado en este navegador.',
  pause_continue: 'Continuar donde estaba',
  pause_discard: 'Empezar de nuevo',
};

export const ar: Texts = {
  pause_title: 'إيقاف مؤقت مع إرشاد',
  pause_saved: 'تم حفظ موضعكم. الصفحة متوقفة مؤقتًا.',
  pause_resume: 'متابعة',
  pause_held: 'الصفحة متوقفة مؤقتًا. يرجى اختيار «متابعة» للاستمرار.',
  pause_resumed: 'لقد عدتم إلى حيث كنتم.',
  pause_resumed_changed: 'الصفحة مستمرة. يرجى التحقق مما أدخلتموه.',
  pause_resume_failed: 'لم تتمكن الصفحة من استعادة كل شيء. يرجى التحقق مما أدخلتموه.',
  pause_unpaused: 'لا يمكن إيقاف هذه الصفحة الآن. إليكم الطريقة؛ وتبقى الصفحة كما هي.',
  pause_again: 'هل تودون المتابعة من حيث كنتم؟',
  pause_again_text: 'كانت هذه الصفحة متوقفة مؤقتًا عند مغادرتها. ما أدخلتموه لا يزال محفوظًا في هذا المتصفح.',
  pause_continue: 'المتابعة من حيث كنت',
  pause_discard: 'البدء من جديد',
};
