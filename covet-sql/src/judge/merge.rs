//! What a statement is, of what each text is that can come of it.

use covet_core::sql::{Compiled, Dialect, Variant};

use super::{Good, Told};
use crate::shape::{Output, Param, Shape};

/// The shapes of the texts that were looked at.
pub(super) struct Merged {
    shape: Shape,
    first: bool,
    even: bool,
    unknown: Option<String>,
    asked: bool,
    /// The values on whose type two texts do not agree.
    torn: Vec<usize>,
}

impl Merged {
    pub(super) fn new(compiled: &Compiled) -> Self {
        let params = vec![Param::default(); compiled.binds().len()];
        let shape = Shape { params, ..Shape::default() };
        Self { shape, first: true, even: true, unknown: None, asked: true, torn: Vec::new() }
    }

    /// Adds what one text is.
    pub(super) fn add(&mut self, variant: &Variant, Good { shape, unknown, asked }: Good) {
        self.columns(shape.columns);
        for (param, bind) in shape.params.into_iter().zip(&variant.binds) {
            self.param(variant, param, *bind);
        }
        for access in shape.access {
            if !self.shape.access.contains(&access) {
                self.shape.access.push(access);
            }
        }
        for mention in shape.mentions {
            if !self.shape.mentions.contains(&mention) {
                self.shape.mentions.push(mention);
            }
        }
        self.unknown = self.unknown.take().or(unknown);
        self.asked &= asked;
    }

    pub(super) fn told(mut self, dialect: Dialect) -> Told {
        for torn in self.torn {
            if let Some(param) = self.shape.params.get_mut(torn) {
                param.ty = None;
            }
        }
        self.shape.access.sort();
        Told { dialect, shape: self.shape, even: self.even, unknown: self.unknown, asked: self.asked && !self.first }
    }

    /// A column is what it is in every text: what is not the same in all is not known.
    fn columns(&mut self, columns: Vec<Output>) {
        if std::mem::take(&mut self.first) {
            self.shape.columns = columns;
            return;
        }
        let names = |columns: &[Output]| columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
        if names(&self.shape.columns) != names(&columns) {
            self.even = false;
            return;
        }
        for (known, column) in self.shape.columns.iter_mut().zip(columns) {
            known.nullable = match (known.nullable, column.nullable) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            };
            known.ty = known.ty.take().filter(|ty| column.ty.as_ref() == Some(ty));
            known.origin = known.origin.take().filter(|origin| column.origin.as_ref() == Some(origin));
        }
    }

    fn param(&mut self, variant: &Variant, param: Param, bind: usize) {
        let Some(known) = self.shape.params.get_mut(bind) else { return };
        match (&known.ty, param.ty) {
            (Some(one), Some(other)) if *one != other => self.torn.push(bind),
            (None, Some(ty)) => known.ty = Some(ty),
            _ => {}
        }
        for mut place in param.uses {
            place.span = variant.origin(place.span);
            if !known.uses.contains(&place) {
                known.uses.push(place);
            }
        }
    }
}

/// What the resolver and the engine know together. What both know the engine knows better, but for whether a column may
/// be `NULL`, which it tells only of columns that are taken as they are.
pub(super) fn known(resolved: Shape, engine: Shape) -> Shape {
    let mut shape = resolved;
    let unfollowed = shape.columns.len() != engine.columns.len();
    if unfollowed {
        shape.columns = engine.columns;
    } else {
        for (column, told) in shape.columns.iter_mut().zip(engine.columns) {
            column.name = told.name;
            column.ty = told.ty.or(column.ty.take());
            column.nullable = column.nullable.or(told.nullable);
            column.origin = told.origin.or(column.origin.take());
        }
    }
    if shape.params.len() < engine.params.len() {
        shape.params.resize_with(engine.params.len(), Param::default);
    }
    for (param, told) in shape.params.iter_mut().zip(engine.params) {
        param.ty = told.ty.or(param.ty.take());
    }
    for access in engine.access {
        if !shape.access.contains(&access) {
            shape.access.push(access);
        }
    }
    shape
}
