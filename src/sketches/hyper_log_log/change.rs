//! Inserting, growing and merging. No form is decoded: an image becomes the next one in its block.

use super::HyperLogLog;
use super::coupons::{self, Slot, find, put};
use super::image::{self, Form, Shape, coupons as coupons_in, is_out_of_order};
use super::registers::{self, REGISTERS};
use crate::error::AllocError;
use crate::mem::Alloc;
use crate::storage::{HeapWords, Words};

impl<W: Words> HyperLogLog<W> {
    /// The slots of a list or a set; of an array none.
    fn slots(&self) -> &[u8] {
        let start = self.shape.start();
        &self.bytes()[start..start + 4 * self.shape.slots()]
    }
}

/// Empties `image` and writes it as an empty one of this shape.
fn write_empty(image: &mut [u8], shape: Shape) {
    image.fill(0);
    image::write_head(image, shape, 0);
    if shape.form == Form::Array {
        registers::refresh(image);
        image::set_array_flags(image, true, false);
    }
}

/// Inserts coupons into an image that has room for them and is not to change its form.
fn feed(image: &mut [u8], shape: Shape, coupons: impl Iterator<Item = u32>) {
    let mut count = image::count(image, shape.form);
    for coupon in coupons {
        if shape.form == Form::Array {
            registers::update(image, shape.lg_k, coupon);
            continue;
        }
        let slots = &mut image[shape.start()..shape.len()];
        if let Slot::Free(slot) = find(slots, shape.form, coupon) {
            put(slots, slot, coupon);
            count += 1;
        }
    }
    image::set_count(image, shape.form, count);
}

impl<A: Alloc> HyperLogLog<HeapWords<A>> {
    /// An empty sketch of this shape, in a block of exactly its size.
    pub(super) fn try_with_shape(shape: Shape, alloc: A) -> Result<Self, AllocError> {
        let mut words = HeapWords::new_in(alloc);
        words.try_reserve_exact(shape.words())?;
        words.try_resize(shape.words())?;
        write_empty(words.as_bytes_mut(), shape);
        Ok(Self { image: words, shape })
    }

    /// The words, to be written.
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        self.image.as_bytes_mut()
    }

    /// Inserts a coupon; changes the form if there is no room.
    #[inline]
    pub(super) fn try_insert_coupon(&mut self, coupon: u32) -> Result<(), AllocError> {
        if self.shape.form == Form::Array {
            registers::update(self.image.as_bytes_mut(), self.shape.lg_k, coupon);
            return Ok(());
        }
        self.try_insert_sparse(coupon)
    }

    /// Inserts a coupon into a list or a set.
    fn try_insert_sparse(&mut self, coupon: u32) -> Result<(), AllocError> {
        let shape = self.shape;
        let image = self.bytes_mut();
        let slots = &mut image[shape.start()..shape.len()];
        let Slot::Free(slot) = find(slots, shape.form, coupon) else { return Ok(()) };
        // It takes its slot even if the form is about to change: the order of the slots is the
        // order in which the next form gets the coupons.
        put(slots, slot, coupon);
        let count = image::count(image, shape.form) + 1;
        let Some(form) = shape.next(count) else {
            image::set_count(image, shape.form, count);
            return Ok(());
        };
        let next = Shape { form, ..shape };
        let changed = self.try_replace(next, |_| {});
        if changed.is_err() {
            put(&mut self.bytes_mut()[shape.start()..], slot, 0);
            return changed;
        }
        if form == Form::Array {
            // The coupons knew better than their registers.
            registers::set_running(self.bytes_mut(), coupons::estimate(count));
        }
        Ok(())
    }

    /// Becomes an empty image of the shape `next`, lets `fill` write into it, and inserts the
    /// coupons that were here.
    ///
    /// They wait behind the new image, in the same block. It needs 1.375 times the new size for
    /// that, where a second block would need 1.5 times.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; nothing has changed then.
    fn try_replace(&mut self, next: Shape, fill: impl FnOnce(&mut [u8])) -> Result<(), AllocError> {
        let old = self.shape;
        let coupons = coupons_in(self.slots()).count();
        let (behind, words) = (next.words() * 8, next.words() + coupons.div_ceil(2));
        let present = self.image.words().len();
        self.image.try_reserve_exact(words.saturating_sub(present))?;
        self.image.try_resize(words.max(present))?;

        let bytes = self.image.as_bytes_mut();
        let (start, mut end) = (old.start(), old.start());
        for slot in 0..old.slots() {
            let coupon = image::read_u32(bytes, start + 4 * slot);
            if coupon != 0 {
                bytes[end..end + 4].copy_from_slice(&coupon.to_le_bytes());
                end += 4;
            }
        }
        bytes.copy_within(start..end, behind);
        let (image, behind) = bytes.split_at_mut(behind);
        write_empty(image, next);
        fill(&mut image[..next.len()]);
        feed(&mut image[..next.len()], next, coupons_in(&behind[..end - start]));
        self.shape = next;
        self.trim();
        Ok(())
    }

    /// Becomes an empty list: no form is smaller.
    pub(super) fn reset(&mut self) {
        let shape = Shape { form: Form::List, ..self.shape };
        self.image.truncate(shape.words());
        write_empty(self.image.as_bytes_mut(), shape);
        self.shape = shape;
        self.trim();
    }

    /// Gives back what the image does not need.
    fn trim(&mut self) {
        self.image.truncate(self.shape.words());
        let words = self.image.as_bytes_mut();
        words[self.shape.len()..].fill(0);
        // An allocator that cannot shrink the block leaves it as slack, which the footprint tells.
        let _ = self.image.try_shrink_to_fit();
    }

    /// Adds the keys of `other`; if memory is refused, perhaps only a part of them.
    pub(super) fn try_merge<V: Words>(&mut self, other: &HyperLogLog<V>) -> Result<(), AllocError> {
        if other.is_empty() {
            return Ok(());
        }
        if other.shape.form != Form::Array {
            if self.is_empty() && self.shape.lg_k == other.shape.lg_k {
                return self.try_copy(other);
            }
            return coupons_in(other.slots()).try_for_each(|coupon| self.try_insert_coupon(coupon));
        }
        if self.shape.form != Form::Array || self.is_empty() {
            return self.try_take_array(other);
        }
        self.merge_arrays(other);
        Ok(())
    }

    /// Becomes a copy of a list or a set; this one is empty.
    fn try_copy<V: Words>(&mut self, other: &HyperLogLog<V>) -> Result<(), AllocError> {
        self.try_replace(other.shape, |image| {
            image.copy_from_slice(other.as_datasketches_updatable());
        })
    }

    /// Becomes a copy of an array, folded to `lg_k` if it is larger, and keeps its own coupons.
    fn try_take_array<V: Words>(&mut self, other: &HyperLogLog<V>) -> Result<(), AllocError> {
        let lg_k = self.shape.lg_k.min(other.shape.lg_k);
        let from = other.as_datasketches_updatable();
        self.try_replace(Shape::array(lg_k), |image| {
            registers::raise_all(&mut image[REGISTERS..], &from[REGISTERS..]);
            registers::refresh(image);
            image::set_array_flags(image, false, is_out_of_order(from));
            // With the sums made anew, the running estimate goes on as that of one stream.
            if !is_out_of_order(from) {
                registers::set_running(image, registers::running(from));
            }
        })
    }

    /// Merges two arrays, into the smaller number of registers.
    fn merge_arrays<V: Words>(&mut self, other: &HyperLogLog<V>) {
        let lg_k = self.shape.lg_k.min(other.shape.lg_k);
        let from = other.as_datasketches_updatable();
        let shape = Shape::array(lg_k);
        let image = self.image.as_bytes_mut();
        let (image, folded) = image.split_at_mut(shape.len());
        let registers = &mut image[REGISTERS..];
        registers::raise_all(registers, folded);
        registers::raise_all(registers, &from[REGISTERS..]);
        registers::refresh(image);
        image::write_head(image, shape, 0);
        image::set_array_flags(image, false, true);
        registers::set_running(image, 0.0);
        if self.shape != shape {
            self.shape = shape;
            self.trim();
        }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::mem::{Counter, Footprint, Global, Refusals, Refusing, Tracked};
    use std::string::ToString;

    #[test]
    fn a_refusal_changes_nothing_and_the_next_try_goes_on() {
        for every in 2..6 {
            let refusals = Refusals::every(every);
            let counter = Counter::new();
            let alloc = Tracked::new(&counter, Refusing::new(&refusals, Global));
            let mut sketch = HyperLogLog::try_new_in(10, alloc)
                .or_else(|_| HyperLogLog::try_new_in(10, alloc))
                .unwrap();
            let mut plain = HyperLogLog::new(10);
            let other: HyperLogLog = (500..2_000_u64).collect();
            for key in 0..600 {
                while sketch.try_insert_u64(key).is_err() {
                    assert_eq!(sketch, plain, "key {key}");
                    assert_eq!(sketch.heap_bytes(), counter.live());
                    sketch.validate().unwrap();
                }
                plain.insert_u64(key);
                assert_eq!(sketch.heap_bytes(), counter.live());
                if key == 40 {
                    let mut copy = plain.clone();
                    copy.merge(&other).unwrap();
                    while sketch.try_merge(&other).is_err() {
                        assert_eq!(sketch, plain);
                    }
                    plain = copy;
                }
            }
            assert_eq!(sketch, plain);
            assert!(refusals.count() > 0);
            sketch.clear();
            assert_eq!(sketch.heap_bytes(), counter.live());
            assert!(sketch.is_empty() && sketch.estimate().to_string() == "0");
        }
    }
}
