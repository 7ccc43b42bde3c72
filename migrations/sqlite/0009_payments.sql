-- A payment reference pays once, over all dossiers of a receiving unit: it is held like a name.
-- Of dossiers that shared one before, whichever is found first holds it; none of them is hindered.
INSERT INTO reservation (name, dossier_id, until)
SELECT 'payment:' || dossier.receiving_unit || '/'
        || json_extract(fee.value, '$.payment.external_reference'),
    dossier.id, NULL
FROM dossier, json_each(dossier.state, '$.fees') fee
WHERE json_extract(fee.value, '$.payment.external_reference') IS NOT NULL
ON CONFLICT (name) DO NOTHING;
