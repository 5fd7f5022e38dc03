/** The words for staff who try a guide on a page; the desk's own languages. */
const en = {
  title: 'Guide preview',
  pick: 'Select an element. With the keyboard: Tab and arrows to move, up for what is around it, Enter to take it, Escape to stop.',
  strong: 'Will be found again reliably.',
  fair: 'Will be found while its name and place stay alike.',
  weak: 'Found by its place alone: a change of the page may lose it.',
  cancelled: 'Nothing was picked.',
  show: 'This is the draft as customers would see it. Nothing is counted.',
  missing: 'The element of this step is not on this page.',
  hidden: 'The element of this step is on this page, but hidden. Open what it is in.',
  ended: 'The guide has ended.',
  over: 'This preview is over. Open the page from the editor again.',
  lost: 'The server could not be reached.',
  again: 'Again',
  leave: 'End preview',
  why: 'You see this because you opened it from the editor.',
};

const de: typeof en = {
  title: 'Vorschau der Anleitung',
  pick: 'Wählen Sie ein Element. Mit der Tastatur: Tab und Pfeile zum Bewegen, Pfeil nach oben für das Umgebende, Eingabe zum Übernehmen, Escape zum Abbrechen.',
  strong: 'Wird zuverlässig wiedergefunden.',
  fair: 'Wird gefunden, solange Name und Ort ähnlich bleiben.',
  weak: 'Nur am Ort erkannt: Eine Änderung der Seite kann es verlieren.',
  cancelled: 'Es wurde nichts gewählt.',
  show: 'So sähen Kundinnen und Kunden den Entwurf. Nichts wird gezählt.',
  missing: 'Das Element dieses Schritts ist nicht auf dieser Seite.',
  hidden: 'Das Element dieses Schritts ist auf dieser Seite, aber verborgen. Öffnen Sie, worin es liegt.',
  ended: 'Die Anleitung ist zu Ende.',
  over: 'Diese Vorschau ist vorbei. Öffnen Sie die Seite noch einmal aus dem Editor.',
  lost: 'Der Server war nicht zu erreichen.',
  again: 'Noch einmal',
  leave: 'Vorschau beenden',
  why: 'Sie sehen das, weil Sie es aus dem Editor geöffnet haben.',
};

export type Notices = (key: keyof typeof en) => string;

export const noticesIn =
  (locale: string): Notices =>
  (key) =>
    (/^de\b/i.test(locale) ? de : en)[key];
