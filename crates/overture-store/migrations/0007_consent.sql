-- What a source's pages may tell, and on whose word.

ALTER TABLE source ADD COLUMN capture TEXT NOT NULL DEFAULT '{}'; -- JSON: consent, url_allow, consent_categories; what is missing has its default
