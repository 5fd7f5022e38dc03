/** What the page part says itself, in every language: the rest comes with the panel, in one. Nothing is filled in. */
export const en = {
  help: 'Help',
  close: 'Close',
  offline: 'We cannot be reached right now.',
  kept: 'Your message is sent later.',
  message_label: 'Your message',
  send: 'Send',
};

export type CoreKey = keyof typeof en;
export type Language = 'en' | 'de' | 'es' | 'ar';

const de: typeof en = {
  help: 'Hilfe',
  close: 'Schließen',
  offline: 'Wir sind gerade nicht erreichbar.',
  kept: 'Ihre Nachricht wird später gesendet.',
  message_label: 'Ihre Nachricht',
  send: 'Senden',
};

const es: typeof en = {
  help: 'Ayuda',
  close: 'Cerrar',
  offline: 'Ahora no es posible contactar con nosotros.',
  kept: 'Su mensaje se envía más tarde.',
  message_label: 'Su mensaje',
  send: 'Enviar',
};

const ar: typeof en = {
  help: 'المساعدة',
  close: 'إغلاق',
  offline: 'لا يمكن الوصول إلينا حاليًا.',
  kept: 'ستُرسل رسالتك لاحقًا.',
  message_label: 'رسالتك',
  send: 'إرسال',
};

export const LANGUAGES: Record<Language, typeof en> = { en, de, es, ar };
