//! What a centre received, as its log book (form 07) asks for it.

use jiff::Timestamp;
use motcua_dossiers::dossier::Dossier;
use uuid::Uuid;

/// What a centre received in a period. The authorisation is part of the query: nothing is found but
/// what the unit itself received.
#[derive(Clone, Debug)]
pub struct ReceptionQuery {
    /// The receiving unit.
    pub unit: String,
    /// From this instant on.
    pub from: Timestamp,
    /// Before this instant.
    pub until: Timestamp,
    /// Continue after the dossier that was received at this instant.
    pub after: Option<(Timestamp, Uuid)>,
    /// Most rows.
    pub limit: u32,
}

impl ReceptionQuery {
    /// The place of a dossier in the answer, if it belongs there: rows come in this order.
    pub fn place_of(&self, dossier: &Dossier) -> Option<(Timestamp, Uuid)> {
        let place = (dossier.received_at?, dossier.id);
        let fits = dossier.filing.receiving_unit == self.unit
            && (self.from..self.until).contains(&place.0)
            && self.after.is_none_or(|after| place > after);
        fits.then_some(place)
    }
}
