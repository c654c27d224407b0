//! What the judges know of a statement, as far as the expression depends on it.

use covet_core::sql::{Class, Compiled};
use covet_sql::judge::{Judge, Judged};
use covet_sql::record::fields;
use covet_sql::takes::{Question, questions};

use super::record::Record;

/// What is known by the schema; nothing where there is none.
#[derive(Default)]
pub(super) struct Facts {
    /// What the rows are.
    pub(super) record: Option<Record>,
    /// What the columns that a value meets ask of it, for each of the binds.
    pub(super) questions: Vec<Vec<Question>>,
}

impl Facts {
    /// The facts; `Err` with what a column's name says that is no type.
    pub(super) fn of(judge: &Judge, judged: &Judged, compiled: &Compiled) -> Result<Self, String> {
        let columns: Vec<_> = judged.told.iter().map(|told| (told.dialect, told.shape.columns.as_slice())).collect();
        let even = judged.told.iter().all(|told| told.even) && compiled.class() == Class::Rows;
        let record = fields(&columns).filter(|_| even).map(Record::of).transpose()?;
        let asked = |bind| {
            let params = judged.told.iter().filter_map(|told| {
                let side = judge.sides().iter().find(|side| side.dialect() == told.dialect)?;
                Some((side.schema(), told.shape.params.get(bind)?))
            });
            questions(&params.collect::<Vec<_>>())
        };
        Ok(Self { record, questions: (0..compiled.binds().len()).map(asked).collect() })
    }
}
