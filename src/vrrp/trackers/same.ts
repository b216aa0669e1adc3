/** Whether two settings ask for the same; where they stand in the file does not matter. */
export const isSame = (one: object, other: object): boolean => withoutPlace(one) === withoutPlace(other);

const withoutPlace = (settings: object): string => JSON.stringify({ ...settings, position: undefined });
