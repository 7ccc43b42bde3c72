//! Pictures and paper: forms 01 to 07 as pages to print, state diagrams, tables of the internal
//! process, procedure sheets.
//!
//! Pure: each function turns data into text that needs nothing else: no script, no font, no file
//! beside it. Pages are HTML that is well-formed XML, measured for A4; pictures are SVG whose pages
//! lie below each other; Mermaid is for documents that render it. Whatever comes from outside is
//! escaped on the way in.
//!
//! ```
//! use motcua_printing::{FormPage, form_page};
//! let data = serde_json::json!({ "dossier_code": "H49.61.05-261124-0001" });
//! let page = FormPage { number: 2, serial: "H49.61.05-261124-0001/02/4", template: "motcua-forms/1",
//!     sha256: "00", reprint: true, evidence: None, data: &data };
//! assert!(form_page(&page).expect("form 02 exists").contains("BẢN IN LẠI"));
//! ```
//!
//! **To change a form**: its file in `forms/`. **To change what a step's box says**: `facts` in
//! `diagram/block.rs` for the picture, `step_rows` in `table.rs` for the table. Raise
//! [`LAYOUT`] when what is printed changes.

mod canvas;
mod condition;
mod diagram;
mod forms;
mod markup;
mod paper;
mod process;
mod sheet;
mod table;
mod text;
mod words;

use motcua_procedures::{Definition, Procedure};

pub use forms::{FormPage, form_page};
pub use markup::LAYOUT;
pub use motcua_deadlines::Lang;
pub use words::{limit, status as status_name};

/// The state diagram as one SVG picture, pages of A4 below each other.
pub fn state_diagram_svg(definition: &Definition, lang: Lang) -> String {
    diagram::svg(definition, lang)
}

/// The state diagram as a document to print, one picture a page.
pub fn state_diagram_html(definition: &Definition, lang: Lang) -> String {
    diagram::html(definition, lang)
}

/// The state diagram as Mermaid text.
pub fn state_diagram_mermaid(definition: &Definition, lang: Lang) -> String {
    diagram::mermaid::text(definition, lang)
}

/// The internal process as a table, one SVG picture, pages of A4 below each other.
pub fn process_table_svg(definition: &Definition, lang: Lang) -> String {
    table::svg(definition, lang)
}

/// The internal process as a table, a document to print.
pub fn process_table_html(definition: &Definition, lang: Lang) -> String {
    table::html(definition, lang)
}

/// The procedure sheet, a document to print.
pub fn procedure_sheet_html(procedure: &Procedure, lang: Lang) -> String {
    sheet::html(procedure, lang)
}
