//! Actions that answer for documents: what they refer to is there.

use super::{ActionAt, Checker, called};
use crate::finding::code;
use crate::read::suggestion;

/// The document exists, and the values that prove it are values of the action's data.
pub(super) fn check(checker: &mut Checker<'_, '_, '_>, action: ActionAt<'_>) {
    for (index, verified) in action.action.verifies.iter().enumerate() {
        let at = format!("{}/verifies/{index}", action.at);
        let documents = &checker.definition().documents;
        let known = documents.iter().any(|document| document.id == verified.document);
        if !known && checker.is_sure("", &["documents"]) {
            let message = format!("No document is named {:?}.", verified.document);
            let names = documents.iter().map(|document| document.id.as_str());
            let remedy = suggestion(&verified.document, names);
            checker.report(code::UNKNOWN_FIELD, &format!("{at}/document"), message, remedy);
        }
        let data = action.action.data.as_ref();
        let schema = data.and_then(|data| data.at(std::slice::from_ref(&verified.data)));
        let Some(schema) = schema else {
            if checker.is_sure(action.at, &["data"]) {
                let message = format!("{} takes no {:?}.", called(action), verified.data);
                let remedy = "Name a value of the action's `data:`.";
                checker.report(code::UNKNOWN_FIELD, &format!("{at}/data"), message, remedy);
            }
            continue;
        };
        let values = schema["enum"].as_array();
        let may_be = |value: &String| {
            values.is_some_and(|values| values.iter().any(|known| known.as_str() == Some(value)))
        };
        if verified.proved_by.is_empty() || !verified.proved_by.iter().all(may_be) {
            let message = format!("The values of {:?} are others.", verified.data);
            let remedy = "Name some of the values in the `enum:` of that data.";
            checker.report(code::FIELD_TYPE, &format!("{at}/proved_by"), message, remedy);
        }
    }
}
