-- A payment reference pays once, over all dossiers of a receiving unit: it is held like a name.
COMMENT ON TABLE reservation IS 'Held names and payment references, each by one dossier.';
