// A shopping cart: lines, discounts, totals.

export interface CartLine {
  sku: string;
  title: string;
  unitPrice: number;
  quantity: number;
}

export interface Discount {
  code: string;
  percent: number;
  minimum: number;
}

export class Cart {
  private lines: CartLine[] = [];

  add(line: CartLine): void {
    const existing = this.lines.find((other) =>
    if (existing) {
      existing.quantity += line.quantity;
      return;
    }
    this.lines.push(line);
  }

  remove(sku: string): void {
    this.lines = this.lines.filter((line) => line.sku !== sku);
  }

  count(): number {
    return this.lines.reduce((sum, line) => sum + line.quantity, 0);
  }

  subtotal(): number {
    return this.lines.reduce((sum, line) => sum + line.unitPrice * line.quantity, 0);
  }

  total(discount?: Discount): number {
    const subtotal = this.subtotal();
    if (!discount || subtotal < discount.minimum) {
      return subtotal;
    }
    return subtotal * (1 - discount.percent / 100);
  }
}

export function formatPrice(amount: number, currency = "EUR"): string {
  return new Intl.NumberFormat("en", { style: "currency", currency }).format(amount);
}
