"""EDI files that tell of stock: X12 846 and EDIFACT INVRPT."""
